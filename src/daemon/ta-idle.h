/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-ledger.h"
#include "broker/ta-reminder.h"
#include "daemon/ta-service.h"

G_BEGIN_DECLS

/* Knows when nobody needs the broker any more. */
typedef struct _TaIdle TaIdle;

typedef void (*TaIdleFunc) (gpointer user_data);

TaIdle *ta_idle_new (GDBusConnection *bus, TaAccounts *accounts, TaSignIns *sign_ins,
                     TaLedger *ledger, TaService *service, TaReminder *reminder);
void ta_idle_free (TaIdle *self);
void ta_idle_wait (TaIdle *self, TaIdleFunc func, gpointer user_data);
void ta_idle_drain (TaIdle *self, TaIdleFunc func, gpointer user_data);

G_END_DECLS

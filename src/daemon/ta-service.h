/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-ledger.h"
#include "broker/ta-sign-ins.h"
#include "ta-dbus.h"

G_BEGIN_DECLS

#define TA_TYPE_SERVICE (ta_service_get_type ())
G_DECLARE_FINAL_TYPE (TaService, ta_service, TA, SERVICE, TaDBusAuthSkeleton)

TaService *ta_service_new (GDBusConnection *bus, TaAccounts *accounts, TaSignIns *sign_ins,
                           TaLedger *ledger, GError **error);
void ta_service_publish (TaService *self, GDBusConnection *bus);
gboolean ta_service_is_settled (TaService *self);
gboolean ta_service_is_called (TaService *self);
gboolean ta_service_is_followed (TaService *self);
gboolean ta_service_is_patient (TaService *self);
void ta_service_close (TaService *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-accounts.h"
#include "broker/ta-ledger.h"
#include "daemon/ta-caller.h"
#include "io/ta-applications.h"

G_BEGIN_DECLS

/* What stands between a method call and the work. */
typedef struct _TaAdmission TaAdmission;

TaAdmission *ta_admission_new (GDBusConnection *bus, TaApplications *applications,
                               TaAccounts *accounts, TaLedger *ledger);
void ta_admission_free (TaAdmission *self);
guint ta_admission_get_size (TaAdmission *self);
gboolean ta_admission_is_patient (TaAdmission *self);
void ta_admission_close (TaAdmission *self);
void ta_admission_enter (TaAdmission *self, TaCaller *caller);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ta-admission.h"

G_BEGIN_DECLS

/* GetActivity and those who follow the activity. */
typedef struct _TaActivityMethod TaActivityMethod;

TaActivityMethod *ta_activity_method_new (GDBusConnection *bus, TaLedger *ledger);
void ta_activity_method_free (TaActivityMethod *self);
gboolean ta_activity_method_is_followed (TaActivityMethod *self);
void ta_activity_method_run (TaActivityMethod *self, TaAdmission *admission, guint max,
                             GDBusMethodInvocation *invocation);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-call.h"
#include "daemon/ta-admission.h"

G_BEGIN_DECLS

/* What CallApi and OpenApi do with a call whose options were read: it is checked and admitted, and
 * then made by the one or the other. */
typedef struct
{
  TaAccounts *accounts; /* (owned) */
  TaSignIns *sign_ins;  /* (owned) */
  TaCall *call;         /* (owned) (nullable): until it is made */
} TaCallErrand;

void ta_call_errand_run (TaAdmission *admission, TaAccounts *accounts, TaSignIns *sign_ins,
                         TaCall *call, TaCallerFunc make, GDBusMethodInvocation *invocation);
TaCall *ta_call_errand_take_call (TaCallErrand *self, TaCaller *caller);

G_END_DECLS

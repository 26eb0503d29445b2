/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-sign-ins.h"
#include "daemon/ta-admission.h"

G_BEGIN_DECLS

void ta_token_method_run (TaAdmission *admission, TaAccounts *accounts, TaSignIns *sign_ins,
                          const char *account, GVariant *options,
                          GDBusMethodInvocation *invocation);

G_END_DECLS

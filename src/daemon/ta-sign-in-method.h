/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-accounts.h"
#include "daemon/ta-admission.h"
#include "daemon/ta-sign-in-objects.h"

G_BEGIN_DECLS

void ta_sign_in_method_run (TaAdmission *admission, TaAccounts *accounts, TaSignInObjects *objects,
                            const char *account, GVariant *options,
                            GDBusMethodInvocation *invocation);

G_END_DECLS

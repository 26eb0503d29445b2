/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-call.h"
#include "daemon/ta-admission.h"

G_BEGIN_DECLS

void ta_open_method_run (TaAdmission *admission, TaAccounts *accounts, TaSignIns *sign_ins,
                         TaCall *call, GUnixFDList *fds, GVariant *body, GVariant *options,
                         GDBusMethodInvocation *invocation);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-call.h"

G_BEGIN_DECLS

void ta_open_call_async (TaAccounts *accounts, TaSignIns *sign_ins, TaCall *call,
                         GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data);
TaHttpResponse *ta_open_call_finish (TaAccounts *accounts, GAsyncResult *result, GError **error);

G_END_DECLS

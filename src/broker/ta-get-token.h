/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-sign-ins.h"

G_BEGIN_DECLS

TaTokenAnswer *ta_get_token_peek (TaAccounts *accounts, const char *id, const TaTokenWish *wish);
void ta_get_token_async (TaAccounts *accounts, TaSignIns *sign_ins, const char *id,
                         const TaTokenWish *wish, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
TaTokenAnswer *ta_get_token_finish (TaAccounts *accounts, GAsyncResult *result, TaAccount **account,
                                    GError **error);

G_END_DECLS

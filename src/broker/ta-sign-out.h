/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-sign-ins.h"

G_BEGIN_DECLS

void ta_sign_out_async (TaAccounts *accounts, TaSignIns *sign_ins, const char *id,
                        GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_sign_out_finish (TaAccounts *accounts, GAsyncResult *result, gboolean *revoked,
                             GError **error);

G_END_DECLS

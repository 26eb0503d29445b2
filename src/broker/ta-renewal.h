/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-keeper.h"
#include "broker/ta-parts.h"
#include "broker/ta-token-answer.h"
#include "broker/ta-token-wish.h"

G_BEGIN_DECLS

#define TA_TYPE_RENEWAL (ta_renewal_get_type ())
G_DECLARE_FINAL_TYPE (TaRenewal, ta_renewal, TA, RENEWAL, GObject)

TaRenewal *ta_renewal_new (TaParts *parts, TaKeeper *keeper);
TaTokenAnswer *ta_renewal_peek_token (TaRenewal *self, const TaTokenWish *wish, GError **error);
void ta_renewal_get_token_async (TaRenewal *self, const TaTokenWish *wish,
                                 GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
TaTokenAnswer *ta_renewal_get_token_finish (TaRenewal *self, GAsyncResult *result, GError **error);
void ta_renewal_resume (TaRenewal *self);
void ta_renewal_close (TaRenewal *self, const GError *reason);
void ta_renewal_look (TaRenewal *self);
gboolean ta_renewal_is_detached (TaRenewal *self);
gboolean ta_renewal_is_refreshing (TaRenewal *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"
#include "oauth/ta-token-request.h"
#include "oauth/ta-token.h"

G_BEGIN_DECLS

void ta_token_endpoint_send_async (TaParts *parts, const char *endpoint,
                                   const TaTokenRequest *request, TaSecret *dpop_key, guint timeout,
                                   GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data);
TaHttpResponse *ta_token_endpoint_send_finish (TaParts *parts, GAsyncResult *result,
                                               GError **error);

TaToken *ta_token_endpoint_read_token (GAsyncResult *result, const TaHttpResponse *response,
                                       const TaProvider *provider, const TaToken *previous,
                                       TaToken **unfit, GError **error);
TaToken *ta_token_endpoint_refresh_finish (TaParts *parts, GAsyncResult *result,
                                           const TaProvider *provider, const TaToken *previous,
                                           gboolean *may_be_spent, GError **error);

G_END_DECLS

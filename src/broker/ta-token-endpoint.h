/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-http.h"
#include "oauth/ta-token-request.h"
#include "oauth/ta-token.h"

G_BEGIN_DECLS

void ta_token_endpoint_send_async (TaHttp *http, const char *endpoint,
                                   const TaTokenRequest *request, guint timeout,
                                   GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data);
TaHttpResponse *ta_token_endpoint_send_finish (TaHttp *http, GAsyncResult *result, GError **error);

TaToken *ta_token_endpoint_token_finish (TaHttp *http, GAsyncResult *result,
                                         const TaToken *previous, GError **error);

G_END_DECLS

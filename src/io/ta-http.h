/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-http-request.h"
#include "io/ta-http-response.h"

G_BEGIN_DECLS

#define TA_TYPE_HTTP (ta_http_get_type ())
G_DECLARE_FINAL_TYPE (TaHttp, ta_http, TA, HTTP, GObject)

TaHttp *ta_http_new (guint connections_per_host);
gboolean ta_http_can_send (TaHttp *self, GError **error);
void ta_http_send_async (TaHttp *self, const TaHttpRequest *request, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
TaHttpResponse *ta_http_send_finish (TaHttp *self, GAsyncResult *result, GError **error);
gboolean ta_http_was_sent (GAsyncResult *result);

G_END_DECLS

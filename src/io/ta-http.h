/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"
#include "io/ta-http-response.h"

G_BEGIN_DECLS

/* One request. All of it is copied before ta_http_send_async() returns. */
typedef struct
{
  const char *method;
  const char *uri;
  const char *accept;
  const TaSecret *authorization; /* (nullable): value of the Authorization header */
  GHashTable *headers;           /* (nullable): further headers, name to value */
  const char *content_type;      /* (nullable) */
  GBytes *body;                  /* (nullable) */
  gsize max_length;              /* of the response's body, bytes */
  guint timeout;                 /* for the whole of it, seconds */
} TaHttpRequest;

#define TA_TYPE_HTTP (ta_http_get_type ())
G_DECLARE_FINAL_TYPE (TaHttp, ta_http, TA, HTTP, GObject)

TaHttp *ta_http_new (void);
void ta_http_send_async (TaHttp *self, const TaHttpRequest *request, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
TaHttpResponse *ta_http_send_finish (TaHttp *self, GAsyncResult *result, GError **error);
gboolean ta_http_was_sent (GAsyncResult *result);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"

#include <libsoup/soup.h>

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

SoupMessage *ta_http_request_create_message (const TaHttpRequest *self, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"
#include "io/ta-upload.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* One request. All of it is copied or referenced before ta_http_send_async() returns. */
typedef struct
{
  const char *method;
  const char *uri;
  const char *accept;
  const TaSecret *authorization; /* (nullable): value of the Authorization header */
  GHashTable *headers;           /* (nullable): further headers, name to value */
  const char *content_type;      /* (nullable) */
  GBytes *body;                  /* (nullable) */
  TaUpload *upload;              /* (nullable): the body, if it is not in memory; prepared */
  gboolean streams;              /* the response's body is to be left in its stream */
  gsize max_length;              /* of the response's body, bytes; unless it is left */
  guint timeout; /* seconds for the whole of it; if the body is left: without any progress */
} TaHttpRequest;

SoupMessage *ta_http_request_create_message (const TaHttpRequest *self, GError **error);

G_END_DECLS

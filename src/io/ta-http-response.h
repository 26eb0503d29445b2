/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

typedef struct
{
  guint status;
  GHashTable *headers;  /* (owned): lower-case name to value; repeated ones joined by ", " */
  GByteArray *body;     /* (owned): empty if it was left in the stream */
  GInputStream *stream; /* (owned) (nullable): the body, if it was left there */
  gboolean complete;    /* the body is known to be whole */
} TaHttpResponse;

TaHttpResponse *ta_http_response_new (SoupMessage *message, GError **error);
void ta_http_response_append (TaHttpResponse *self, GBytes *block);
void ta_http_response_end (TaHttpResponse *self, SoupMessage *message, GInputStream *stream);
gboolean ta_http_response_has_long_head (SoupMessage *message);
void ta_http_response_free (TaHttpResponse *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaHttpResponse, ta_http_response_free)

G_END_DECLS

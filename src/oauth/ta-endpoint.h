/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How HTTP reads a URI: the path without dot segments, neither path nor query decoded. */
#define TA_ENDPOINT_URI_FLAGS                                                                      \
  (G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_PATH | G_URI_FLAGS_ENCODED_QUERY                 \
   | G_URI_FLAGS_ENCODED_FRAGMENT | G_URI_FLAGS_SCHEME_NORMALIZE)

gboolean ta_endpoint_is_loopback (const char *host);
GUri *ta_endpoint_parse (const char *uri);
gboolean ta_endpoint_is_valid (const char *uri);
gboolean ta_endpoint_is_redirect_uri (const char *uri);
char *ta_endpoint_origin (const char *uri);
char *ta_endpoint_add_query (const char *uri, const char *query);
char *ta_endpoint_api_uri (const char *base_uri, const char *path, GError **error);
char *ta_endpoint_api_path (const char *path);

G_END_DECLS

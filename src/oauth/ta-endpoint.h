/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean ta_endpoint_is_loopback (const char *host);
gboolean ta_endpoint_is_valid (const char *uri);
gboolean ta_endpoint_is_redirect_uri (const char *uri);
char *ta_endpoint_add_query (const char *uri, const char *query);
char *ta_endpoint_api_uri (const char *base_uri, const char *path, GError **error);

G_END_DECLS

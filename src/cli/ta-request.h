/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean ta_request_parse_target (const char *target, char **account, const char **path,
                                  GError **error);
GVariant *ta_request_parse_headers (char **lines, char **content_type, GError **error);
char *ta_request_read_body (const char *data, GError **error);

G_END_DECLS

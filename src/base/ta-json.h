/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

JsonObject *ta_json_parse_object (const char *data, gsize length, gsize max_length, GError **error);
JsonObject *ta_json_parse_tolerantly (const char *data, gsize length, gsize max_length,
                                      const char *const *read, GError **error);
gboolean ta_json_is_text (const char *data, gsize length);
const char *ta_json_get_string (JsonObject *object, const char *member);
gboolean ta_json_get_int64 (JsonObject *object, const char *member, gint64 *value);
char *ta_json_print (JsonNode *root, gboolean is_pretty);

G_END_DECLS

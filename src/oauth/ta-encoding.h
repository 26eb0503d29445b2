/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ta_encoding_base64url (const guint8 *bytes, gsize length);
char *ta_encoding_sha256 (const char *text);
void ta_encoding_add_field (GString *form, const char *name, const char *value);
char **ta_encoding_split_words (const char *text);
gboolean ta_encoding_is_scope (const char *text);
gboolean ta_encoding_are_scopes (const char *const *scopes);
gboolean ta_encoding_is_vschars (const char *text);
char *ta_encoding_unescape (const char *text, gsize length);

G_END_DECLS

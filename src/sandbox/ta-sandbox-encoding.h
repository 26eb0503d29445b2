/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ta_sandbox_encoding_base64url (const guint8 *bytes, gsize length);
char *ta_sandbox_encoding_code_challenge (const char *code_verifier);
char *ta_sandbox_encoding_unescape (const char *text, gsize length);
gboolean ta_sandbox_encoding_is_equal (const char *secret, const char *text);
char *ta_sandbox_encoding_random_token (const char *kind);

G_END_DECLS

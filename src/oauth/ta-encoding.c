/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-encoding.h"

#include <string.h>

#define VSCHARS_MAX 4096
#define SCOPES_MAX 64
#define SCOPE_MAX 256

/* Base64url without padding (RFC 4648 section 5, RFC 7636 appendix A). */
char *
ta_encoding_base64url (const guint8 *bytes, gsize length)
{
  char *text = g_base64_encode (bytes, length);

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}

/* The SHA-256 of the text, in base64url: a code challenge (RFC 7636 section 4.2), a thumbprint (RFC
 * 7638 section 3.1), an access token's hash (RFC 9449 section 4.2). */
char *
ta_encoding_sha256 (const char *text)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize length = sizeof digest;

  g_checksum_update (checksum, (const guchar *) text, -1);
  g_checksum_get_digest (checksum, digest, &length);
  return ta_encoding_base64url (digest, length);
}

/* Appends name=value to a form (RFC 6749 appendix B) with an "&" where one is due. Both are
 * percent-encoded; a space becomes %20, which form decoders and URI queries read alike. */
void
ta_encoding_add_field (GString *form, const char *name, const char *value)
{
  if (form->len > 0)
    g_string_append_c (form, '&');
  g_string_append_uri_escaped (form, name, NULL, FALSE);
  g_string_append_c (form, '=');
  g_string_append_uri_escaped (form, value, NULL, FALSE);
}

/* (nullable): decodes one form field; NULL if an escape is malformed or stands for NUL. */
char *
ta_encoding_unescape (const char *text, gsize length)
{
  g_autofree char *spaced = g_strndup (text, length);
  char *plain;

  g_strdelimit (spaced, "+", ' ');
  plain = g_uri_unescape_string (spaced, NULL);
  explicit_bzero (spaced, strlen (spaced));
  return plain;
}

/* The words of a space-separated list (as in RFC 6749 section 3.3). */
char **
ta_encoding_split_words (const char *text)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) words = g_strsplit_set (text, " \t", -1);

  for (int i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      g_strv_builder_add (builder, words[i]);
  return g_strv_builder_end (builder);
}

/* Whether it is a scope token (RFC 6749 section 3.3). */
gboolean
ta_encoding_is_scope (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    if (*c <= 0x20 || *c >= 0x7f || *c == '"' || *c == '\\')
      return FALSE;
  return *text != '\0';
}

/* Whether each is a scope token, and all of them fit into a URI. */
gboolean
ta_encoding_are_scopes (const char *const *scopes)
{
  for (int i = 0; scopes[i] != NULL; i++)
    if (i >= SCOPES_MAX || strlen (scopes[i]) > SCOPE_MAX || !ta_encoding_is_scope (scopes[i]))
      return FALSE;
  return TRUE;
}

/* Whether it is a client id or a client secret: 1 to 4096 visible characters and spaces (RFC 6749
 * appendix A.1 and A.2). */
gboolean
ta_encoding_is_vschars (const char *text)
{
  gsize length = strlen (text);

  for (const char *c = text; *c != '\0'; c++)
    if (*c < 0x20 || *c > 0x7e)
      return FALSE;
  return length > 0 && length <= VSCHARS_MAX;
}

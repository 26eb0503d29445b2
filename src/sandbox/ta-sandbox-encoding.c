/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-encoding.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* The server's own idea of the encodings that OAuth is made of. The client side has another one:
 * were they the same code, a mistake in it would cancel itself out and no test would see it. */

#define TOKEN_BYTES 32

/* RFC 4648 section 5, without padding. */
char *
ta_sandbox_encoding_base64url (const guint8 *bytes, gsize length)
{
  char *text = g_base64_encode (bytes, length);
  char *padding = strchr (text, '=');

  if (padding != NULL)
    *padding = '\0';
  for (char *c = text; *c != '\0'; c++)
    *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
  return text;
}

/* S256 (RFC 7636 section 4.2). */
char *
ta_sandbox_encoding_code_challenge (const char *code_verifier)
{
  g_autoptr (GChecksum) sha256 = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize length = sizeof digest;

  g_checksum_update (sha256, (const guchar *) code_verifier, (gssize) strlen (code_verifier));
  g_checksum_get_digest (sha256, digest, &length);
  return ta_sandbox_encoding_base64url (digest, length);
}

/* (nullable): one name or value of a form (RFC 6749 appendix B); NULL if an escape is malformed or
 * the text is not UTF-8. */
char *
ta_sandbox_encoding_unescape (const char *text, gsize length)
{
  g_autofree char *spaced = g_strdelimit (g_strndup (text, length), "+", ' ');
  g_autofree char *plain = g_uri_unescape_string (spaced, NULL);

  if (plain == NULL || !g_utf8_validate (plain, -1, NULL))
    return NULL;
  return g_steal_pointer (&plain);
}

/* Compares in a time that does not tell where the texts differ. */
gboolean
ta_sandbox_encoding_is_equal (const char *secret, const char *text)
{
  gsize length = strlen (secret);
  guint8 difference = 0;

  if (strlen (text) != length)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    difference |= (guint8) (secret[i] ^ text[i]);
  return difference == 0;
}

/* 256 bits of the kernel's random. Without them there is no server worth running. What stands in
 * front lets an application's author find a token where it must not be, such as in a log, and see
 * what it is. */
char *
ta_sandbox_encoding_random_token (const char *kind)
{
  g_autofree char *text = NULL;
  guint8 bytes[TOKEN_BYTES];

  if (getrandom (bytes, sizeof bytes, 0) != (gssize) sizeof bytes)
    g_error ("No random numbers from the kernel: %s", g_strerror (errno));
  text = ta_sandbox_encoding_base64url (bytes, sizeof bytes);
  return g_strconcat ("sandbox_", kind, "_", text, NULL);
}

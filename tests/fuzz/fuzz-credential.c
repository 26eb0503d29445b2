/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-credential.h"

#include "fuzz.h"

/* What git, or who says to be git, writes to the credential helper: what is admitted has no line
 * break or NUL in any part, is for one host alone, and makes no answer with more lines than those
 * that are meant. */

#define TOKEN "a-token"
#define BASE_URI "https://api.example.com/v1/"

static void
check_line (const char *text)
{
  g_assert_null (strpbrk (text, "\r\n"));
}

static void
check_parts (const TaCredential *asked)
{
  check_line (asked->protocol);
  check_line (asked->host);
  if (asked->username != NULL)
    check_line (asked->username);
  if (asked->secret != NULL)
    check_line (ta_secret_peek (asked->secret));
}

static void
check_host (const TaCredential *asked)
{
  if (!ta_credential_is_for (asked, BASE_URI))
    return;
  g_assert_cmpstr (asked->protocol, ==, "https");
  g_assert_true (g_ascii_strcasecmp (asked->host, "api.example.com") == 0
                 || g_ascii_strcasecmp (asked->host, "api.example.com:443") == 0);
}

/* Each of the keys once, and nothing else. */
static void
check_answer (const TaCredential *asked, const char *account)
{
  g_autofree char *answer = ta_credential_answer (asked, account, TOKEN, 1);
  g_auto (GStrv) lines = NULL;
  gboolean is_bearer = asked->authtype && !asked->no_bearer;

  if (answer == NULL)
    {
      g_assert_true (*account == '\0');
      return;
    }
  lines = g_strsplit (answer, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, is_bearer ? 7 : 4);
  g_assert_true (g_strv_contains ((const char *const *) lines,
                                  is_bearer ? "credential=" TOKEN : "password=" TOKEN));
  g_assert_null (strchr (answer, '\r'));
}

/* The same once more is refused, and so is a second host. */
static void
check_more (const char *bytes, gsize length)
{
  g_autoptr (GString) text = g_string_new ("host=api.example.com\n");

  g_string_append_len (text, bytes, (gssize) length);
  g_assert_null (ta_credential_parse (text->str, text->len, NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  g_autofree char *bytes = fuzz_take_bytes (&input);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaCredential) asked = ta_credential_parse (bytes, size, &error);

  if (asked == NULL)
    {
      fuzz_check_error (error);
      return 0;
    }
  check_parts (asked);
  check_host (asked);
  check_answer (asked, asked->username != NULL ? asked->username : "work");
  check_more (bytes, size);
  return 0;
}

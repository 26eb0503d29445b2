/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "base/ta-error.h"

/* What the targets share. A warning of any library counts as a crash. */

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING | G_LOG_FATAL_MASK);
  return 0;
}

/* From 0: the first byte, of which '0' is the first choice, so that seeds can be read and written
 * by hand. */
guint
fuzz_take_choice (FuzzInput *input, guint choices)
{
  guint8 byte = '0';

  if (input->left > 0)
    {
      byte = (guint8) *input->at;
      input->at++;
      input->left--;
    }
  return (guint8) (byte - '0') % choices;
}

/* A string up to the next NUL; free with g_free(). */
char *
fuzz_take_text (FuzzInput *input)
{
  gsize length = strnlen (input->at, input->left);
  char *text = g_strndup (input->at, length);

  length += length < input->left;
  input->at += length;
  input->left -= length;
  return text;
}

/* The rest, in memory of exactly its size, so that AddressSanitizer sees a read beyond it; the size
 * stays in `input`. Free with g_free(). */
char *
fuzz_take_bytes (FuzzInput *input)
{
  char *bytes = g_malloc (MAX (input->left, 1));

  memcpy (bytes, input->at, input->left);
  return bytes;
}

void
fuzz_check_printable (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    g_assert_true (*c >= 0x20 && *c <= 0x7e);
}

void
fuzz_check_visible (const char *text)
{
  fuzz_check_printable (text);
  g_assert_null (strchr (text, ' '));
}

/* Whether callers may see the error: one ASCII sentence. */
void
fuzz_check_error (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == TA_ERROR || error->domain == G_DBUS_ERROR);
  fuzz_check_printable (error->message);
  g_assert_cmpuint (strlen (error->message), >, 0);
  g_assert_cmpuint (strlen (error->message), <=, TA_ERROR_MESSAGE_MAX);
}

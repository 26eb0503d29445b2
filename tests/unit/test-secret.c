/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-secret.h"

#include "unit.h"

typedef struct
{
  const char *id;
  const char *secret;
  const char *text;
  gboolean equal;
} Pair;

static const Pair pairs[] = {
  { "same", "abcdef", "abcdef", TRUE },
  { "both-empty", "", "", TRUE },
  { "first-differs", "abcdef", "Xbcdef", FALSE },
  { "last-differs", "abcdef", "abcdeX", FALSE },
  { "case", "abcdef", "abcdeF", FALSE },
  { "shorter", "abcdef", "abcde", FALSE },
  { "longer", "abcdef", "abcdef ", FALSE },
  { "text-empty", "abcdef", "", FALSE },
  { "secret-empty", "", "a", FALSE },
  { "high-bit", "abc\x80", "abc", FALSE },
  { "differences-cancel-out", "ab", "ba", FALSE },
};

static void
check_equals (gconstpointer data)
{
  const Pair *row = data;
  g_autoptr (TaSecret) secret = ta_secret_new (row->secret);

  g_assert_cmpint (ta_secret_equals (secret, row->text), ==, row->equal);
  g_assert_cmpstr (ta_secret_peek (secret), ==, row->secret);
}

static void
check_copies (void)
{
  char text[] = "first";
  g_autoptr (TaSecret) secret = ta_secret_new (text);

  text[0] = 'F';
  g_assert_cmpstr (ta_secret_peek (secret), ==, "first");
}

static void
check_last_owner (void)
{
  TaSecret *secret = ta_secret_new ("text");
  TaSecret *other = ta_secret_ref (secret);

  g_assert_true (other == secret);
  ta_secret_unref (secret);
  g_assert_cmpstr (ta_secret_peek (other), ==, "text");
  ta_secret_unref (other);
}

static void
check_nothing_to_free (void)
{
  g_autoptr (TaSecretString) text = NULL;
  g_autoptr (TaSecretGString) string = NULL;

  g_assert_null (text);
  g_assert_null (string);
}

static void
check_free_gstring (void)
{
  g_autoptr (TaSecretString) text = g_strdup ("text");
  g_autoptr (TaSecretGString) string = g_string_new ("text");

  g_string_truncate (string, 0);
  g_assert_cmpstr (text, ==, "text");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/secret/UN-SE-01-equals", pairs, check_equals);
  g_test_add_func ("/secret/UN-SE-02-copies", check_copies);
  g_test_add_func ("/secret/UN-SE-03-last-owner", check_last_owner);
  g_test_add_func ("/secret/UN-SE-04-nothing-to-free", check_nothing_to_free);
  g_test_add_func ("/secret/UN-SE-05-free-gstring", check_free_gstring);
  return g_test_run ();
}

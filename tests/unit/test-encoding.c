/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-encoding.h"

#include "unit.h"

typedef struct
{
  const char *id;
  const char *bytes;
  gsize length;
  const char *text;
} Base64;

/* RFC 4648 section 10 and RFC 7636 appendix A. */
static const Base64 base64s[] = {
  { "empty", "", 0, "" },
  { "one", "f", 1, "Zg" },
  { "two", "fo", 2, "Zm8" },
  { "three", "foo", 3, "Zm9v" },
  { "six", "foobar", 6, "Zm9vYmFy" },
  { "both-letters", "\x03\xec\xff\xe0\xc1", 5, "A-z_4ME" },
  { "nul", "\0\0\0", 3, "AAAA" },
};

static void
check_base64url (gconstpointer data)
{
  const Base64 *row = data;
  g_autofree char *text = ta_encoding_base64url ((const guint8 *) row->bytes, row->length);

  g_assert_cmpstr (text, ==, row->text);
}

typedef struct
{
  const char *id;
  const char *value;
  const char *encoded;
} Field;

static const Field fields[] = {
  { "plain", "abcXYZ019", "abcXYZ019" },
  { "unreserved", "-._~", "-._~" },
  { "empty", "", "" },
  { "space", "a b", "a%20b" },
  { "plus", "a+b", "a%2Bb" },
  { "separators", "&=?#/:;@%", "%26%3D%3F%23%2F%3A%3B%40%25" },
  { "line-ends", "a\r\nb", "a%0D%0Ab" },
  { "quotes", "\"'`<>\\", "%22%27%60%3C%3E%5C" },
  { "once", "%20", "%2520" },
  /* RFC 6749 appendix B. */
  { "rfc", " %&+\xc2\xa3\xe2\x82\xac", "%20%25%26%2B%C2%A3%E2%82%AC" },
};

static void
check_field (gconstpointer data)
{
  const Field *row = data;
  g_autoptr (GString) form = g_string_new (NULL);
  g_autofree char *expected = g_strdup_printf ("first=1&%s=%s", row->encoded, row->encoded);
  g_autofree char *decoded = ta_encoding_unescape (row->encoded, strlen (row->encoded));

  ta_encoding_add_field (form, "first", "1");
  ta_encoding_add_field (form, row->value, row->value);
  g_assert_cmpstr (form->str, ==, expected);
  g_assert_cmpstr (decoded, ==, row->value);
}

typedef struct
{
  const char *id;
  const char *text;
  const char *plain; /* NULL: malformed */
} Escaped;

static const Escaped escaped[] = {
  { "plus-is-space", "a+b", "a b" }, { "encoded-plus", "a%2Bb%2b", "a+b+" },
  { "once", "%2541", "%41" },        { "utf-8", "%C3%A9", "\xc3\xa9" },
  { "not-utf-8", "%FF", "\xff" },    { "nul", "a%00b", NULL },
  { "nul-alone", "%00", NULL },      { "not-hex", "%zz", NULL },
  { "half", "a%4", NULL },           { "bare", "a%", NULL },
  { "sign", "%-1", NULL },
};

static void
check_unescape (gconstpointer data)
{
  const Escaped *row = data;
  g_autofree char *longer = g_strconcat (row->text, "%zz", NULL);
  g_autofree char *plain = ta_encoding_unescape (longer, strlen (row->text));

  g_assert_cmpstr (plain, ==, row->plain);
}

typedef struct
{
  const char *id;
  const char *text;
  const char *words; /* with a bar behind each */
} Words;

static const Words words[] = {
  { "empty", "", "" },
  { "spaces", " \t ", "" },
  { "one", "a", "a|" },
  { "two", "a b", "a|b|" },
  { "many-spaces", "  a \t b  ", "a|b|" },
  { "twice", "a a", "a|a|" },
};

static void
check_words (gconstpointer data)
{
  const Words *row = data;
  g_auto (GStrv) split = ta_encoding_split_words (row->text);
  g_autoptr (GString) joined = g_string_new (NULL);

  for (int i = 0; split[i] != NULL; i++)
    g_string_append_printf (joined, "%s|", split[i]);
  g_assert_cmpstr (joined->str, ==, row->words);
}

/* FIPS 180-4's "abc", and RFC 7636 appendix B. */
static void
check_sha256 (void)
{
  g_autofree char *abc = ta_encoding_sha256 ("abc");
  g_autofree char *challenge = ta_encoding_sha256 ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");

  g_assert_cmpstr (abc, ==, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
  g_assert_cmpstr (challenge, ==, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/encoding/UN-EN-01-base64url", base64s, check_base64url);
  UNIT_ADD_ROWS ("/encoding/UN-EN-02-field", fields, check_field);
  UNIT_ADD_ROWS ("/encoding/UN-EN-03-unescape", escaped, check_unescape);
  UNIT_ADD_ROWS ("/encoding/UN-EN-04-words", words, check_words);
  g_test_add_func ("/encoding/UN-EN-05-sha256", check_sha256);
  return g_test_run ();
}

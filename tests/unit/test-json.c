/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "base/ta-json.h"

#include "unit.h"

#define LENGTH_MAX 4096

/* Length of a row's text that is counted up to its NUL. */
#define COUNT (-1)

typedef struct
{
  const char *id;
  const char *text;
  gssize length;
} Text;

static const Text refused[] = {
  { "empty", "", 0 },
  { "space", " \r\n\t", COUNT },
  { "null", "null", COUNT },
  { "array", "[]", COUNT },
  { "string", "\"a\"", COUNT },
  { "number", "1", COUNT },
  { "html", "<!DOCTYPE html><html></html>", COUNT },
  { "JS-03-twice", "{\"access_token\":\"a\",\"access_token\":\"b\"}", COUNT },
  { "JS-03-twice-the-same", "{\"a\":1,\"a\":1}", COUNT },
  { "JS-03-twice-escaped", "{\"access_token\":\"a\",\"access\\u005ftoken\":\"b\"}", COUNT },
  { "JS-03-twice-apart", "{\"a\":1,\"b\":{\"c\":1},\"a\":2}", COUNT },
  { "two-documents", "{\"a\":1}{\"a\":2}", COUNT },
  { "two-documents-on-lines", "{\"a\":1}\n{\"a\":2}\n", COUNT },
  { "garbage-behind", "{\"a\":1} x", COUNT },
  { "comma-behind", "{\"a\":1},", COUNT },
  { "bracket-behind", "{\"a\":1}}", COUNT },
  { "garbage-in-front", "x {\"a\":1}", COUNT },
  { "semicolon-behind", "{\"a\":1};", COUNT },
  { "JS-04-two-marks", "\xef\xbb\xbf\xef\xbb\xbf{\"a\":1}", COUNT },
  { "JS-04-mark-inside", "{\xef\xbb\xbf\"a\":1}", COUNT },
  { "JS-04-mark-alone", "\xef\xbb\xbf", COUNT },
  { "JS-04-half-mark", "\xef\xbb{\"a\":1}", COUNT },
  { "JS-04-single-quotes", "{'a':'b'}", COUNT },
  { "JS-04-variable", "var x = {\"a\":1};", COUNT },
  { "JS-04-variable-bare", "x = {\"a\":1}", COUNT },
  { "JS-04-comment", "{\"a\":1 /* b */}", COUNT },
  { "JS-04-comment-line", "{\"a\":1} // b\n", COUNT },
  { "JS-04-comment-hash", "# a\n{\"a\":1}", COUNT },
  { "JS-04-trailing-comma", "{\"a\":1,}", COUNT },
  { "JS-04-trailing-comma-in-array", "{\"a\":[1,]}", COUNT },
  { "leading-comma", "{,\"a\":1}", COUNT },
  { "two-commas", "{\"a\":1,,\"b\":2}", COUNT },
  { "no-comma", "{\"a\":1 \"b\":2}", COUNT },
  { "no-colon", "{\"a\" 1}", COUNT },
  { "no-value", "{\"a\":}", COUNT },
  { "no-name", "{:1}", COUNT },
  { "name-is-bare", "{a:1}", COUNT },
  { "name-is-number", "{1:1}", COUNT },
  { "open-object", "{\"a\":1", COUNT },
  { "open-string", "{\"a\":\"b", COUNT },
  { "open-escape", "{\"a\":\"\\", COUNT },
  { "open-hex", "{\"a\":\"\\u00", COUNT },
  { "wrong-bracket", "{\"a\":[1}}", COUNT },
  { "escape-unknown", "{\"a\":\"\\x41\"}", COUNT },
  { "escape-short", "{\"a\":\"\\u04\"}", COUNT },
  { "escape-nul", "{\"a\":\"b\\u0000c\"}", COUNT },
  { "UN-JS-08-half-surrogate", "{\"a\":\"\\ud800\"}", COUNT },
  { "half-surrogate-low", "{\"a\":\"\\udc00\"}", COUNT },
  { "half-surrogate-twice", "{\"a\":\"\\ud800\\ud800\"}", COUNT },
  { "half-surrogate-letter", "{\"a\":\"\\ud800\\u0041\"}", COUNT },
  { "half-surrogate-beyond", "{\"a\":\"\\ud800\\ue000\"}", COUNT },
  { "half-surrogate-line", "{\"a\":\"\\ud800\\n\"}", COUNT },
  { "half-surrogate-cut", "{\"a\":\"\\ud800\\u", COUNT },
  { "surrogates-low-first", "{\"a\":\"\\ude00\\ud83d\"}", COUNT },
  { "escape-nul-in-name", "{\"a\\u0000\":\"b\"}", COUNT },
  { "control", "{\"a\":\"\x01\"}", COUNT },
  { "line-in-string", "{\"a\":\"b\nc\"}", COUNT },
  { "number-hex", "{\"a\":0x10}", COUNT },
  { "number-octal", "{\"a\":010}", COUNT },
  { "number-plus", "{\"a\":+1}", COUNT },
  { "number-dot", "{\"a\":.5}", COUNT },
  { "number-dot-behind", "{\"a\":5.}", COUNT },
  { "number-exponent-empty", "{\"a\":5e}", COUNT },
  { "number-minus-alone", "{\"a\":-}", COUNT },
  { "number-word", "{\"a\":NaN}", COUNT },
  { "number-endless", "{\"a\":Infinity}", COUNT },
  { "word-cut", "{\"a\":tru}", COUNT },
  { "word-case", "{\"a\":True}", COUNT },
  { "word-longer", "{\"a\":nullx}", COUNT },
  { "not-utf-8", "{\"a\":\"\xff\"}", COUNT },
  { "utf-8-overlong", "{\"a\":\"\xc0\xaf\"}", COUNT },
  { "utf-8-cut", "{\"a\":\"\xc3\"}", COUNT },
  { "utf-8-surrogate", "{\"a\":\"\xed\xa0\x80\"}", COUNT },
  { "nul-alone", "\0", 1 },
  { "nul-behind", "{\"a\":1}\0", 8 },
  { "nul-inside", "{\"a\"\0:1}", 8 },
  { "nul-in-string", "{\"a\":\"\0\"}", 9 },
  { "form-feed-is-no-space", "\f{\"a\":1}", COUNT },
};

static JsonObject *
parse (const char *text, GError **error)
{
  return ta_json_parse_object (text, strlen (text), LENGTH_MAX, error);
}

static void
check_refused (gconstpointer data)
{
  const Text *row = data;
  gsize length = row->length == COUNT ? strlen (row->text) : (gsize) row->length;
  g_autofree char *copy = g_memdup2 (row->text, length); /* so that its end is an end */
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = ta_json_parse_object (copy, length, LENGTH_MAX, &error);

  g_assert_null (object);
  unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
}

typedef struct
{
  const char *id;
  const char *text;
  const char *a; /* what the member "a" is */
} Accepted;

static const Accepted accepted[] = {
  { "plain", "{\"a\":\"b\"}", "b" },
  { "space", " \r\n\t{ \"a\" : \"b\" } \n", "b" },
  { "JS-04-mark", "\xef\xbb\xbf{\"a\":\"b\"}", "b" },
  { "empty", "{}", NULL },
  { "empty-space", "{ }", NULL },
  { "twice-further-in", "{\"a\":\"b\",\"c\":{\"d\":1,\"d\":2}}", "b" },
  { "same-name-further-in", "{\"a\":\"b\",\"c\":{\"a\":1}}", "b" },
  { "escapes", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"}", "\"\\/\b\f\n\r\tA" },
  { "escaped-name", "{\"\\u0061\":\"b\"}", "b" },
  { "utf-8", "{\"a\":\"\xc3\xa9\"}", "\xc3\xa9" },
  { "surrogates", "{\"a\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80" },
  { "brackets-in-string", "{\"a\":\"{[}]\"}", "{[}]" },
  { "values",
    "{\"a\":\"b\",\"c\":[],\"d\":[ ],\"e\":[1,-0.5e+10,0],\"f\":true,\"g\":false,"
    "\"h\":null,\"i\":{}}",
    "b" },
};

static void
check_accepted (gconstpointer data)
{
  const Accepted *row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = parse (row->text, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (ta_json_get_string (object, "a"), ==, row->a);
}

typedef struct
{
  const char *id;
  const char *text;
  const char *b; /* what the member "b" is, of an object of which "a" is read; NULL: refused */
} Tolerated;

#define FFFD "\xef\xbf\xbd"

static const Tolerated tolerated[] = {
  { "half-surrogate", "{\"b\":\"x\\ud83d\"}", "x" FFFD },
  { "half-surrogate-upper", "{\"b\":\"\\uDBFFx\"}", FFFD "x" },
  { "half-surrogate-low", "{\"b\":\"\\udc00x\"}", FFFD "x" },
  { "half-surrogate-twice", "{\"b\":\"\\ud83d\\ud83d\"}", FFFD FFFD },
  { "half-surrogate-and-whole", "{\"b\":\"\\ud83d\\ud83d\\ude00\"}", FFFD "\xf0\x9f\x98\x80" },
  { "half-surrogate-letter", "{\"b\":\"\\ud83d\\u0041\"}", FFFD "A" },
  { "half-surrogate-line", "{\"b\":\"\\ud83d\\n\"}", FFFD "\n" },
  { "half-surrogate-quote", "{\"b\":\"\\ud83d\\\"\"}", FFFD "\"" },
  { "half-surrogate-nul", "{\"b\":\"\\ud83d\\u0000\"}", FFFD FFFD },
  { "surrogates", "{\"b\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80" },
  { "surrogates-low-first", "{\"b\":\"\\ude00\\ud83d\"}", FFFD FFFD },
  { "nul", "{\"b\":\"x\\u0000y\"}", "x" FFFD "y" },
  { "no-escape", "{\"b\":\"\\\\u0000\"}", "\\u0000" },
  { "mark", "\xef\xbb\xbf{\"b\":\"\\u0000\"}", FFFD },
  { "names", "{\"a\\u0000\":1,\"\\ud83d\":2,\"\\udc00\":3,\"b\":\"x\"}", "x" },
  { "further-in", "{\"c\":{\"a\":\"\\u0000\"},\"a\":{},\"b\":\"x\"}", "x" },
  { "read-before", "{\"a\":\"y\",\"b\":\"\\ud83d\"}", FFFD },
  { "read-behind", "{\"b\":\"\\ud83d\",\"a\":\"y\"}", FFFD },
  { "read", "{\"b\":\"x\",\"a\":\"\\u0000\"}", NULL },
  { "read-half-surrogate", "{\"b\":\"x\",\"a\":\"\\ud83d\"}", NULL },
  { "read-too", "{\"b\":\"x\",\"z\":\"\\u0000\"}", NULL },
  { "read-escaped", "{\"b\":\"x\",\"\\u0061\":\"\\u0000\"}", NULL },
  { "read-array", "{\"b\":\"x\",\"a\":[\"y\",\"\\u0000\"]}", NULL },
  { "read-name-further-in", "{\"b\":\"x\",\"a\":{\"\\u0000\":1}}", NULL },
  { "read-twice", "{\"b\":\"x\",\"a\":1,\"a\":2}", NULL },
  { "second-twice", "{\"b\":\"x\",\"z\":1,\"z\":2}", "x" },
  { "others-twice", "{\"b\":\"y\",\"c\":1,\"c\":2,\"b\":\"x\"}", "x" },
  { "escape-unknown", "{\"b\":\"\\x41\"}", NULL },
  { "escape-short", "{\"b\":\"\\ud83\"}", NULL },
  { "half-surrogate-cut", "{\"b\":\"\\ud83d", NULL },
  { "half-surrogate-escape-cut", "{\"b\":\"\\ud83d\\u00\"}", NULL },
  { "half-surrogate-open", "{\"b\":\"\\ud83d}", NULL },
  { "utf-8-surrogate", "{\"b\":\"\xed\xa0\x80\"}", NULL },
  { "array", "[\"\\u0000\"]", NULL },
  { "empty", "", NULL },
};

static void
check_tolerated (gconstpointer data)
{
  const char *const read[] = { "a", "z", NULL };
  const Tolerated *row = data;
  gsize length = strlen (row->text);
  g_autofree char *copy = g_memdup2 (row->text, length); /* so that its end is an end */
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = ta_json_parse_tolerantly (copy, length, LENGTH_MAX, read, &error);

  if (row->b == NULL)
    {
      g_assert_null (object);
      unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpstr (ta_json_get_string (object, "b"), ==, row->b);
  g_assert_cmpmem (copy, length, row->text, length);
}

static void
check_depth (gconstpointer data)
{
  gsize depth = GPOINTER_TO_SIZE (data);
  g_autofree char *opening = unit_repeat ("[", depth - 1);
  g_autofree char *closing = unit_repeat ("]", depth - 1);
  g_autofree char *text = g_strconcat ("{\"a\":", opening, closing, "}", NULL);
  g_autofree char *objects_opening = unit_repeat ("{\"a\":", depth);
  g_autofree char *objects_closing = unit_repeat ("}", depth);
  g_autofree char *objects = g_strconcat (objects_opening, "1", objects_closing, NULL);
  g_autoptr (JsonObject) object = parse (text, NULL);
  g_autoptr (JsonObject) nested = parse (objects, NULL);

  g_assert_cmpint (object != NULL, ==, depth <= 32);
  g_assert_cmpint (nested != NULL, ==, depth <= 32);
  g_assert_cmpint (ta_json_is_text (text, strlen (text)), ==, depth <= 32);
}

/* Nesting that was closed again is no depth. */
static void
check_breadth (void)
{
  g_autofree char *pairs = unit_repeat ("[[]],", 500);
  g_autofree char *text = g_strconcat ("{\"a\":[", pairs, "[]]}", NULL);
  g_autoptr (JsonObject) object = parse (text, NULL);

  g_assert_nonnull (object);
}

static void
check_bomb (gconstpointer data)
{
  const char *bracket = data;
  g_autofree char *text = unit_repeat (bracket, 100000);
  gsize length = strlen (text);
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_json_parse_object (text, length, length, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
  g_assert_false (ta_json_is_text (text, length));
}

/* The object, the array in it and that many in that; the scan for a whole text does not mind. */
static void
check_values (void)
{
  g_autofree char *most = unit_repeat ("{},", 9997);
  g_autofree char *good = g_strconcat ("{\"a\":[", most, "{}]}", NULL);
  g_autofree char *bad = g_strconcat ("{\"a\":[", most, "{},1]}", NULL);
  gsize length = strlen (bad);
  g_autoptr (JsonObject) object = ta_json_parse_object (good, strlen (good), length, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (object);
  g_assert_null (ta_json_parse_object (bad, length, length, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
  g_assert_true (ta_json_is_text (bad, length));
}

static void
check_length (void)
{
  const char *text = "{\"a\":1}";
  gsize length = strlen (text);
  g_autoptr (JsonObject) object = ta_json_parse_object (text, length, length, NULL);

  g_assert_nonnull (object);
  g_assert_null (ta_json_parse_object (text, length, length - 1, NULL));
}

static void
check_message_repeats_nothing (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (parse ("{\"access_token\":\"CANARY\"", &error));
  g_assert_null (strstr (error->message, "CANARY"));
}

typedef struct
{
  const char *id;
  const char *value;
  gboolean good;
  gint64 number;
} Number;

static const Number numbers[] = {
  { "zero", "0", TRUE, 0 },
  { "plain", "3600", TRUE, 3600 },
  { "negative", "-1", FALSE, 0 },
  { "text", "\"3600\"", TRUE, 3600 },
  { "text-largest", "\"9223372036854775807\"", TRUE, G_MAXINT64 },
  { "largest", "9223372036854775807", TRUE, G_MAXINT64 },
  { "too-large", "9223372036854775808", FALSE, 0 },
  { "23-digits", "12345678901234567890123", FALSE, 0 },
  { "1e400", "1e400", FALSE, 0 },
  { "1e3", "1e3", FALSE, 0 },
  { "fraction", "3600.0", FALSE, 0 },
  { "text-too-large", "\"9223372036854775808\"", FALSE, 0 },
  { "text-negative", "\"-1\"", FALSE, 0 },
  { "text-plus", "\"+1\"", FALSE, 0 },
  { "text-space", "\" 1\"", FALSE, 0 },
  { "text-unit", "\"1s\"", FALSE, 0 },
  { "text-empty", "\"\"", FALSE, 0 },
  { "text-hex", "\"0x10\"", FALSE, 0 },
  { "null", "null", FALSE, 0 },
  { "true", "true", FALSE, 0 },
  { "array", "[1]", FALSE, 0 },
  { "object", "{\"a\":1}", FALSE, 0 },
};

static void
check_number (gconstpointer data)
{
  const Number *row = data;
  g_autofree char *text = g_strdup_printf ("{\"a\":%s}", row->value);
  g_autoptr (JsonObject) object = parse (text, NULL);
  gint64 number = 77;

  g_assert_nonnull (object);
  g_assert_cmpint (ta_json_get_int64 (object, "a", &number), ==, row->good);
  g_assert_cmpint (number, ==, row->good ? row->number : 77);
  g_assert_false (ta_json_get_int64 (object, "b", &number));
}

static void
check_string_types (void)
{
  g_autoptr (JsonObject) object = parse (
      "{\"a\":\"\",\"b\":1,\"c\":null,\"d\":[\"x\"],\"e\":{\"x\":\"y\"},\"f\":true}", NULL);

  g_assert_nonnull (object);
  g_assert_cmpstr (ta_json_get_string (object, "a"), ==, "");
  for (const char *name = "bcdefg"; *name != '\0'; name++)
    {
      char member[] = { *name, '\0' };

      g_assert_null (ta_json_get_string (object, member));
    }
}

typedef struct
{
  const char *id;
  const char *text;
  gboolean is_text;
} Whole;

static const Whole wholes[] = {
  { "object", "{\"a\":1}", TRUE },
  { "array", "[1,2]", TRUE },
  { "string", "\"a\"", TRUE },
  { "number", "-0.5", TRUE },
  { "word", "null", TRUE },
  { "line-end", "{}\r\n", TRUE },
  { "twice", "{\"a\":1,\"a\":2}", TRUE },
  { "empty", "", FALSE },
  { "cut-object", "{\"a\":1", FALSE },
  { "cut-array", "[1,2", FALSE },
  { "cut-comma", "[1,", FALSE },
  { "cut-string", "\"a", FALSE },
  { "cut-word", "nul", FALSE },
  { "two", "{}{}", FALSE },
  { "plain-text", "hello", FALSE },
  { "not-utf-8", "\"\xff\"", FALSE },
};

static void
check_whole (gconstpointer data)
{
  const Whole *row = data;
  gsize length = strlen (row->text);
  g_autofree char *copy = g_memdup2 (row->text, length);

  g_assert_cmpint (ta_json_is_text (copy, length), ==, row->is_text);
}

static void
check_print (gconstpointer data)
{
  gboolean is_pretty = GPOINTER_TO_INT (data);
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) root = json_node_init_object (json_node_alloc (), object);
  char text[129] = "";

  for (int i = 1; i < 128; i++)
    text[i - 1] = (char) i;
  text[127] = '\x1f';
  json_object_set_string_member (object, text, text);
  g_autofree char *printed = ta_json_print (root, is_pretty);
  g_autoptr (JsonObject) again = parse (printed, NULL);

  g_assert_nonnull (again);
  g_assert_cmpstr (ta_json_get_string (again, text), ==, text);
  g_assert_cmpint (strchr (printed, '\n') != NULL, ==, is_pretty);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/json/UN-JS-01-refused", refused, check_refused);
  UNIT_ADD_ROWS ("/json/UN-JS-02-accepted", accepted, check_accepted);
  for (gsize depth = 31; depth <= 34; depth++)
    {
      g_autofree char *path = g_strdup_printf ("/json/UN-JS-03-depth/%" G_GSIZE_FORMAT, depth);

      g_test_add_data_func (path, GSIZE_TO_POINTER (depth), check_depth);
    }
  g_test_add_func ("/json/UN-JS-04-breadth", check_breadth);
  g_test_add_data_func ("/json/UN-JS-05-bomb/arrays", "[", check_bomb);
  g_test_add_data_func ("/json/UN-JS-05-bomb/objects", "{\"a\":", check_bomb);
  g_test_add_func ("/json/UN-JS-06-length", check_length);
  g_test_add_func ("/json/UN-JS-12-values", check_values);
  g_test_add_func ("/json/UN-JS-07-message-repeats-nothing", check_message_repeats_nothing);
  UNIT_ADD_ROWS ("/json/UN-JS-09-number", numbers, check_number);
  g_test_add_func ("/json/UN-JS-10-string-types", check_string_types);
  UNIT_ADD_ROWS ("/json/UN-JS-11-whole", wholes, check_whole);
  UNIT_ADD_ROWS ("/json/UN-JS-13-tolerated", tolerated, check_tolerated);
  g_test_add_data_func ("/json/UN-JS-14-print/plain", GINT_TO_POINTER (FALSE), check_print);
  g_test_add_data_func ("/json/UN-JS-14-print/pretty", GINT_TO_POINTER (TRUE), check_print);
  return g_test_run ();
}

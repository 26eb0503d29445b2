/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-api-errors.h"

#include "unit.h"

typedef struct
{
  const char *id;
  const char *body;
  const char *description;
} Body;

#define ERROR(members) "{\"errors\":[{" members "}]}"

static const Body bodies[] = {
  { "tidio",
    ERROR ("\"code\":\"too_many_requests\",\"message\":\"You have reached the limit of allowed "
           "attempts\""),
    "too_many_requests: You have reached the limit of allowed attempts" },
  { "first-of-two",
    "{\"errors\":[{\"code\":\"a\",\"message\":\"b\"},{\"code\":\"c\",\"message\":\"d\"}]}",
    "a: b" },
  { "more-members", "{\"meta\":{},\"errors\":[{\"field\":\"email\",\"code\":\"a\"}],\"x\":1}",
    "a" },
  { "code-alone", ERROR ("\"code\":\"a\""), "a" },
  { "code-and-no-message", ERROR ("\"code\":\"a\",\"message\":\"\""), "a" },
  { "message-alone", ERROR ("\"message\":\"b\""), "b" },
  { "code-empty", ERROR ("\"code\":\"\",\"message\":\"b\""), "b" },
  { "code-number", ERROR ("\"code\":17,\"message\":\"b\""), "b" },
  { "message-null", ERROR ("\"code\":\"a\",\"message\":null"), "a" },
  { "message-object", ERROR ("\"code\":\"a\",\"message\":{\"x\":\"y\"}"), "a" },

  { "lines", ERROR ("\"code\":\"a\\nb\",\"message\":\"c\\r\\n\\td\""), "a b: c   d" },
  { "terminal", ERROR ("\"code\":\"a\",\"message\":\"\\u001b[31m\\u0007\\u007f\\u009b2J\""),
    "a: ?[31m???2J" },
  { "not-ascii", ERROR ("\"code\":\"\xc3\xa9\",\"message\":\"za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87\""),
    "?: za????" },
  { "beyond-the-first-plane", ERROR ("\"code\":\"a\",\"message\":\"\\ud83d\\ude00\""), "a: ?" },

  { "nothing", "", NULL },
  { "html", "<!DOCTYPE html><title>502</title>", NULL },
  { "no-errors", "{\"error\":\"invalid_request\"}", NULL },
  { "errors-empty", "{\"errors\":[]}", NULL },
  { "errors-object", "{\"errors\":{\"code\":\"a\"}}", NULL },
  { "errors-text", "{\"errors\":\"a\"}", NULL },
  { "errors-null", "{\"errors\":null}", NULL },
  { "errors-of-text", "{\"errors\":[\"a\"]}", NULL },
  { "errors-of-arrays", "{\"errors\":[[{\"code\":\"a\"}]]}", NULL },
  { "error-empty", "{\"errors\":[{}]}", NULL },
  { "error-of-nothing", ERROR ("\"code\":\"\",\"message\":\"\""), NULL },
  { "array", "[{\"code\":\"a\"}]", NULL },
  { "twice", "{\"errors\":[{\"code\":\"a\"}],\"errors\":[]}", NULL },
  { "cut", "{\"errors\":[{\"code\":\"a\"}]", NULL },
  { "half-a-pair", ERROR ("\"code\":\"a\",\"message\":\"\\ud83d\""), NULL },
  { "not-utf-8", ERROR ("\"code\":\"\xff\""), NULL },
};

static void
check_body (gconstpointer data)
{
  const Body *row = data;
  g_autofree char *description = ta_api_errors_describe (row->body, strlen (row->body));

  g_assert_cmpstr (description, ==, row->description);
}

static void
check_length (void)
{
  g_autofree char *filling = unit_repeat ("a", 300);
  g_autofree char *body
      = g_strdup_printf (ERROR ("\"code\":\"%s\",\"message\":\"%s\""), filling, filling);
  g_autofree char *description = ta_api_errors_describe (body, strlen (body));

  g_assert_cmpuint (strlen (description), ==, TA_API_ERRORS_DESCRIPTION_MAX);
  g_assert_cmpuint (strcspn (description, ":"), ==, 40);
}

static void
check_body_too_long (void)
{
  g_autofree char *filling = unit_repeat (" ", 64 * 1024);
  g_autofree char *body = g_strconcat (ERROR ("\"code\":\"a\""), filling, NULL);

  g_assert_null (ta_api_errors_describe (body, strlen (body)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/api-errors/UN-AE-01-body", bodies, check_body);
  g_test_add_func ("/api-errors/UN-AE-02-length", check_length);
  g_test_add_func ("/api-errors/UN-AE-03-body-too-long", check_body_too_long);
  return g_test_run ();
}

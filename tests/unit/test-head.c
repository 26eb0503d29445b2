/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-head.h"

#include "unit.h"

#define COUNT (-1)

typedef struct
{
  const char *id;
  const char *text;
  guint status;
  gssize length; /* COUNT: up to the NUL */
} Refused;

static const Refused refused[] = {
  { "CB-18-method-control", "G\x01T / HTTP/1.1\r\n\r\n", 400, COUNT },
  { "CB-18-method-empty", " / HTTP/1.1\r\n\r\n", 400, COUNT },
  { "CB-18-method-bracket", "G(T / HTTP/1.1\r\n\r\n", 400, COUNT },
  { "CB-18-method-not-ascii", "G\xc3\xa9T / HTTP/1.1\r\n\r\n", 400, COUNT },
  { "CB-18-h2c-preface", "PRI * HTTP/2.0\r\n\r\n", 400, COUNT },
  { "CB-18-connect", "CONNECT localhost:80 HTTP/1.1\r\n\r\n", 400, COUNT },
  { "CB-18-zeros", "\0\0\0\0\0\0\r\n\r\n", 400, 10 },
  { "CB-33-nul-in-target", "GET /a\0b HTTP/1.1\r\n\r\n", 400, 21 },
  { "CB-33-nul-in-value", "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 400, 26 },
  { "CB-33-fold", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400, COUNT },
  { "CB-33-fold-colon", "GET / HTTP/1.1\r\nA: b\r\n c: d\r\n\r\n", 400, COUNT },
  { "CB-33-fold-tab", "GET / HTTP/1.1\r\nA: b\r\n\tc: d\r\n\r\n", 400, COUNT },
  { "CB-33-bare-lf", "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", 400, COUNT },
  { "CB-33-bare-lf-behind-line", "GET / HTTP/1.1\nA: b\r\n\r\n", 400, COUNT },
  { "CB-33-bare-cr", "GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", 400, COUNT },
  { "CB-33-no-end", "GET / HTTP/1.1\r\nA: b\r\n", 400, COUNT },
  { "line-empty", "\r\nGET / HTTP/1.1\r\n\r\n", 400, COUNT },
  { "nothing-but-end", "\r\n\r\n", 400, COUNT },
  { "nothing", "", 400, 0 },
  { "name-empty", "GET / HTTP/1.1\r\n: b\r\n\r\n", 400, COUNT },
  { "name-space", "GET / HTTP/1.1\r\nHost : b\r\n\r\n", 400, COUNT },
  { "name-not-ascii", "GET / HTTP/1.1\r\nA\xc3\xa9: b\r\n\r\n", 400, COUNT },
  { "no-colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", 400, COUNT },
  { "value-control", "GET / HTTP/1.1\r\nA: \x01\r\n\r\n", 400, COUNT },
  { "value-delete", "GET / HTTP/1.1\r\nA: \x7f\r\n\r\n", 400, COUNT },
  { "target-absolute", "GET http://localhost:1/ HTTP/1.1\r\n\r\n", 400, COUNT },
  { "target-asterisk", "OPTIONS * HTTP/1.1\r\n\r\n", 400, COUNT },
  { "target-empty", "GET  HTTP/1.1\r\n\r\n", 400, COUNT },
  { "target-space", "GET /a b HTTP/1.1\r\n\r\n", 400, COUNT },
  { "target-tab", "GET /a\tb HTTP/1.1\r\n\r\n", 400, COUNT },
  { "target-fragment", "GET /a#b HTTP/1.1\r\n\r\n", 400, COUNT },
  { "target-not-ascii", "GET /\xc3\xa9 HTTP/1.1\r\n\r\n", 400, COUNT },
  { "two-spaces", "GET  / HTTP/1.1\r\n\r\n", 400, COUNT },
  { "space-behind", "GET / HTTP/1.1 \r\n\r\n", 400, COUNT },
  { "tabs", "GET\t/\tHTTP/1.1\r\n\r\n", 400, COUNT },
  { "version-none", "GET /\r\n\r\n", 400, COUNT },
  { "version-other", "GET / FTP/1.1\r\n\r\n", 400, COUNT },
  { "version-case", "GET / http/1.1\r\n\r\n", 400, COUNT },
  { "version-2", "GET / HTTP/2.0\r\n\r\n", 505, COUNT },
  { "version-0.9", "GET / HTTP/0.9\r\n\r\n", 505, COUNT },
  { "version-1.2", "GET / HTTP/1.2\r\n\r\n", 505, COUNT },
  { "version-1.10", "GET / HTTP/1.10\r\n\r\n", 505, COUNT },
};

static void
check_refused (gconstpointer data)
{
  const Refused *row = data;
  gsize length = row->length == COUNT ? strlen (row->text) : (gsize) row->length;
  g_autofree char *copy = g_memdup2 (row->text, length);
  guint status = 0;
  g_autoptr (TaHead) head = ta_head_parse (copy, length, &status);

  g_assert_null (head);
  g_assert_cmpuint (status, ==, row->status);
}

static TaHead *
parse (const char *text, guint *status)
{
  return ta_head_parse (text, strlen (text), status);
}

typedef struct
{
  const char *id;
  const char *target;
  const char *path;
  const char *query;
} Target;

static const Target targets[] = {
  { "root", "/", "/", NULL },
  { "path", "/callback", "/callback", NULL },
  { "query", "/callback?code=a&state=b", "/callback", "code=a&state=b" },
  { "query-empty", "/callback?", "/callback", "" },
  { "query-mark", "/callback?a?b", "/callback", "a?b" },
  { "undecoded", "/call%62ack?a=%00+%zz", "/call%62ack", "a=%00+%zz" },
  { "slashes", "//evil.example/..", "//evil.example/..", NULL },
};

static void
check_target (gconstpointer data)
{
  const Target *row = data;
  g_autofree char *text = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: a\r\n\r\n", row->target);
  guint status = 1;
  g_autoptr (TaHead) head = parse (text, &status);

  g_assert_nonnull (head);
  g_assert_cmpuint (status, ==, 0);
  g_assert_cmpstr (head->method, ==, "GET");
  g_assert_cmpstr (head->path, ==, row->path);
  g_assert_cmpstr (head->query, ==, row->query);
}

static void
check_headers (void)
{
  guint status;
  g_autoptr (TaHead) head = parse ("get / HTTP/1.0\r\nHOST:a\r\nCookie: \t b c \t\r\nX-Empty:\r\n"
                                   "host: d\r\nX-Colon: a:b\r\nX-Bytes: \xff\xc3\r\n\r\n",
                                   &status);

  g_assert_nonnull (head);
  g_assert_cmpstr (head->method, ==, "get");
  g_assert_cmpuint (ta_head_count_header (head, "host"), ==, 2);
  g_assert_cmpstr (ta_head_get_header (head, "host"), ==, "a");
  g_assert_cmpstr (ta_head_get_header (head, "cookie"), ==, "b c");
  g_assert_cmpstr (ta_head_get_header (head, "x-empty"), ==, "");
  g_assert_cmpstr (ta_head_get_header (head, "x-colon"), ==, "a:b");
  g_assert_cmpstr (ta_head_get_header (head, "x-bytes"), ==, "\xff\xc3");
  g_assert_cmpuint (ta_head_count_header (head, "x-none"), ==, 0);
  g_assert_null (ta_head_get_header (head, "x-none"));
}

/* A value is never taken for a name, nor the other way round. */
static void
check_names_are_names (void)
{
  guint status;
  g_autoptr (TaHead) head = parse ("GET / HTTP/1.1\r\nX: host\r\n\r\n", &status);

  g_assert_nonnull (head);
  g_assert_null (ta_head_get_header (head, "host"));
}

static void
check_line_length (gconstpointer data)
{
  gsize length = GPOINTER_TO_SIZE (data);
  g_autofree char *filling = unit_repeat ("a", length - strlen ("GET / HTTP/1.1"));
  g_autofree char *text = g_strdup_printf ("GET /%s HTTP/1.1\r\n\r\n", filling);
  guint status = 0;
  g_autoptr (TaHead) head = parse (text, &status);

  g_assert_cmpint (head != NULL, ==, length <= 8192);
  g_assert_cmpuint (status, ==, length <= 8192 ? 0 : 414);
}

static void
check_line_count (gconstpointer data)
{
  gsize count = GPOINTER_TO_SIZE (data);
  g_autofree char *lines = unit_repeat ("A: b\r\n", count);
  g_autofree char *text = g_strdup_printf ("GET / HTTP/1.1\r\n%s\r\n", lines);
  guint status = 0;
  g_autoptr (TaHead) head = parse (text, &status);

  g_assert_cmpint (head != NULL, ==, count <= 100);
  g_assert_cmpuint (status, ==, count <= 100 ? 0 : 431);
}

static void
check_head_length (gconstpointer data)
{
  gsize length = GPOINTER_TO_SIZE (data);
  g_autofree char *filling = unit_repeat ("a", length - strlen ("GET / HTTP/1.1\r\nA:\r\n\r\n"));
  g_autofree char *text = g_strdup_printf ("GET / HTTP/1.1\r\nA:%s\r\n\r\n", filling);
  guint status = 0;
  g_autoptr (TaHead) head = parse (text, &status);

  g_assert_cmpuint (strlen (text), ==, length);
  g_assert_cmpint (head != NULL, ==, length <= 32768);
  g_assert_cmpuint (status, ==, length <= 32768 ? 0 : 431);
}

typedef struct
{
  const char *id;
  const char *bytes;
  gsize length;
  gssize end;
} End;

static const End ends[] = {
  { "none", "GET / HTTP/1.1\r\n", 16, -1 },
  { "empty", "", 0, -1 },
  { "half", "a\r\n\r", 4, -1 },
  { "exact", "a\r\n\r\n", 5, 5 },
  { "body-behind", "a\r\n\r\nb\r\n\r\n", 10, 5 },
  { "behind-nul", "a\0\r\n\r\n", 6, 6 },
  { "bare-lf", "a\n\n", 3, -1 },
  { "beyond-length", "a\r\n\r\n", 4, -1 },
};

static void
check_end (gconstpointer data)
{
  const End *row = data;

  g_assert_cmpint (ta_head_find_end (row->bytes, row->length), ==, row->end);
}

static void
add_sizes (const char *group, gsize limit, GTestDataFunc check)
{
  for (gsize size = limit - 1; size <= limit + 1; size++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%" G_GSIZE_FORMAT, group, size);

      g_test_add_data_func (path, GSIZE_TO_POINTER (size), check);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/head/UN-HD-01-refused", refused, check_refused);
  UNIT_ADD_ROWS ("/head/UN-HD-02-target", targets, check_target);
  g_test_add_func ("/head/UN-HD-03-headers", check_headers);
  g_test_add_func ("/head/UN-HD-04-names-are-names", check_names_are_names);
  add_sizes ("/head/UN-HD-05-line-length", TA_HEAD_MAX_LINE, check_line_length);
  add_sizes ("/head/UN-HD-06-line-count", TA_HEAD_MAX_LINES, check_line_count);
  add_sizes ("/head/UN-HD-07-head-length", TA_HEAD_MAX, check_head_length);
  UNIT_ADD_ROWS ("/head/UN-HD-08-end", ends, check_end);
  return g_test_run ();
}

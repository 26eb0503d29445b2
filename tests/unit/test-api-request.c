/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-api-request.h"

#include "unit.h"

typedef struct
{
  const char *id;
  const char *text;
  gboolean good;
} Text;

static const Text methods[] = {
  { "get", "GET", TRUE },
  { "head", "HEAD", TRUE },
  { "post", "POST", TRUE },
  { "put", "PUT", TRUE },
  { "patch", "PATCH", TRUE },
  { "delete", "DELETE", TRUE },
  { "CA-04-lower", "get", FALSE },
  { "CA-04-header", "GET\r\nX-Evil: 1", FALSE },
  { "CA-04-line-end", "GET\n", FALSE },
  { "CA-04-space", "GET ", FALSE },
  { "CA-04-connect", "CONNECT", FALSE },
  { "CA-04-trace", "TRACE", FALSE },
  { "CA-04-options", "OPTIONS", FALSE },
  { "CA-04-empty", "", FALSE },
};

static void
check_method (gconstpointer data)
{
  const Text *row = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strdup (row->text);
  const char *method = ta_api_request_find_method (text, &error);

  if (row->good)
    {
      g_assert_cmpstr (method, ==, row->text);
      g_assert_true (method != text);
      return;
    }
  g_assert_null (method);
  unit_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
}

typedef struct
{
  const char *id;
  const char *name;
  const char *value;
  gboolean good;
} Header;

static const Header headers[] = {
  { "accept", "Accept", "text/csv", TRUE },
  { "accept-case", "ACCEPT", "text/csv", TRUE },
  { "accept-language", "accept-language", "pl, de;q=0.5", TRUE },
  { "if-match", "If-Match", "\"a\"", TRUE },
  { "if-none-match", "If-None-Match", "*", TRUE },
  { "if-modified-since", "If-Modified-Since", "Tue, 24 Nov 2026 00:00:00 GMT", TRUE },
  { "idempotency-key", "Idempotency-Key", "a", TRUE },
  { "x-request-id", "X-Request-Id", "a", TRUE },
  { "value-empty", "Accept", "", TRUE },
  { "authorization", "Authorization", "Bearer a", FALSE },
  { "cookie", "Cookie", "a=b", FALSE },
  { "host", "Host", "evil", FALSE },
  { "content-length", "Content-Length", "1", FALSE },
  { "content-type", "Content-Type", "a/b", FALSE },
  { "transfer-encoding", "Transfer-Encoding", "chunked", FALSE },
  { "connection", "Connection", "close", FALSE },
  { "range", "Range", "bytes=0-", FALSE },
  { "x-forwarded-for", "X-Forwarded-For", "a", FALSE },
  { "name-empty", "", "a", FALSE },
  { "name-line-end", "Accept\r\nX-Evil", "1", FALSE },
  { "name-longer", "Accept ", "a", FALSE },
  { "name-prefix", "Accep", "a", FALSE },
  { "value-line-end", "Accept", "a\r\nX-Evil: 1", FALSE },
  { "value-lf", "Accept", "a\n", FALSE },
  { "value-tab", "Accept", "a\tb", FALSE },
  { "value-delete", "Accept", "a\x7f", FALSE },
  { "value-not-ascii", "Accept", "\xc3\xa9", FALSE },
};

static void
check_header (gconstpointer data)
{
  const Header *row = data;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (ta_api_request_check_header (row->name, row->value, &error), ==, row->good);
  if (row->good)
    g_assert_no_error (error);
  else
    unit_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
}

static void
check_header_length (void)
{
  g_autofree char *longest = unit_repeat ("a", 1024);
  g_autofree char *longer = unit_repeat ("a", 1025);

  g_assert_true (ta_api_request_check_header ("Accept", longest, NULL));
  g_assert_false (ta_api_request_check_header ("Accept", longer, NULL));
}

static const Text content_types[] = {
  { "json", "application/json", TRUE },
  { "charset", "application/json; charset=utf-8", TRUE },
  { "charset-case", "application/json;charset=UTF-8", TRUE },
  { "suffix", "application/vnd.api+json", TRUE },
  { "csv", "text/csv", TRUE },
  { "upper", "TEXT/CSV", TRUE },
  { "empty", "", FALSE },
  { "no-slash", "json", FALSE },
  { "half", "text/", FALSE },
  { "line-end", "text/csv\n", FALSE },
  { "header", "text/csv\r\nX-Evil: 1", FALSE },
  { "line-end-behind-charset", "text/csv; charset=utf-8\n", FALSE },
  { "parameter", "multipart/form-data; boundary=a", FALSE },
  { "charset-other", "text/csv; charset=latin1", FALSE },
  { "space", " text/csv", FALSE },
  { "not-ascii", "text/\xc3\xa9", FALSE },
};

static void
check_content_type (gconstpointer data)
{
  const Text *row = data;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (ta_api_request_check_content_type (row->text, &error), ==, row->good);
  if (row->good)
    g_assert_no_error (error);
  else
    unit_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
}

static void
check_content_type_length (void)
{
  g_autofree char *filling = unit_repeat ("a", 100000);
  g_autofree char *content_type = g_strconcat ("text/", filling, NULL);

  g_assert_false (ta_api_request_check_content_type (content_type, NULL));
}

static const Text response_headers[] = {
  { "content-type", "content-type", TRUE },
  { "etag", "etag", TRUE },
  { "last-modified", "last-modified", TRUE },
  { "retry-after", "retry-after", TRUE },
  { "location", "location", TRUE },
  { "link", "link", TRUE },
  { "x-request-id", "x-request-id", TRUE },
  { "x-ratelimit-limit", "x-ratelimit-limit", TRUE },
  { "x-ratelimit-remaining", "x-ratelimit-remaining", TRUE },
  { "CA-14-set-cookie", "set-cookie", FALSE },
  { "CA-14-www-authenticate", "www-authenticate", FALSE },
  { "CA-14-alt-svc", "alt-svc", FALSE },
  { "CA-14-refresh", "refresh", FALSE },
  { "server", "server", FALSE },
  { "x-ratelimit", "x-ratelimit", FALSE },
  { "longer", "etags", FALSE },
  { "empty", "", FALSE },
};

static void
check_shown (gconstpointer data)
{
  const Text *row = data;

  g_assert_cmpint (ta_api_request_shows_header (row->text), ==, row->good);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/api-request/UN-AP-01-method", methods, check_method);
  UNIT_ADD_ROWS ("/api-request/UN-AP-02-header", headers, check_header);
  g_test_add_func ("/api-request/UN-AP-03-header-length", check_header_length);
  UNIT_ADD_ROWS ("/api-request/UN-AP-04-content-type", content_types, check_content_type);
  g_test_add_func ("/api-request/UN-AP-05-content-type-length", check_content_type_length);
  UNIT_ADD_ROWS ("/api-request/UN-AP-06-shown", response_headers, check_shown);
  return g_test_run ();
}

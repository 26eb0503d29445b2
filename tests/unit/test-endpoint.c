/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "oauth/ta-endpoint.h"

#include "unit.h"

#define BASE "https://api.tidio.com/v1/"

typedef struct
{
  const char *id;
  const char *uri;
  gboolean good;
} Uri;

static const Uri endpoints[] = {
  { "https", "https://www.tidio.com/oauth/authorize", TRUE },
  { "https-port", "https://www.tidio.com:8443/a", TRUE },
  { "https-query", "https://www.tidio.com/a?b=c", TRUE },
  { "https-scheme-case", "HTTPS://www.tidio.com/a", TRUE },
  { "https-bare", "https://www.tidio.com", TRUE },
  { "http-ipv4", "http://127.0.0.1:8080/a", TRUE },
  { "http-ipv6", "http://[::1]:8080/a", TRUE },
  { "http-localhost", "http://localhost/a", TRUE },
  { "http-localhost-case", "http://LocalHost:1/a", TRUE },
  { "BR-01-empty", "", FALSE },
  { "BR-01-file", "file:///etc/passwd", FALSE },
  { "BR-01-javascript", "javascript:alert(1)", FALSE },
  { "BR-01-javascript-authority", "javascript://localhost/%0aalert(1)", FALSE },
  { "BR-01-data", "data:text/html,x", FALSE },
  { "BR-01-option", "-x", FALSE },
  { "BR-01-command", "$(id)", FALSE },
  { "BR-01-relative", "/oauth/authorize", FALSE },
  { "BR-01-no-scheme", "www.tidio.com/a", FALSE },
  { "BR-01-no-host", "https:///a", FALSE },
  { "BR-01-no-authority", "https:/a", FALSE },
  { "BR-01-http", "http://www.tidio.com/a", FALSE },
  { "BR-01-ftp", "ftp://127.0.0.1/a", FALSE },
  { "BR-01-user", "https://u@h/", FALSE },
  { "BR-01-password", "https://u:p@h/", FALSE },
  { "BR-01-user-empty", "https://@h/", FALSE },
  { "BR-01-user-good", "https://www.tidio.com@evil.example/", FALSE },
  { "BR-01-fragment", "https://h/#a", FALSE },
  { "BR-01-fragment-empty", "https://h/#", FALSE },
  { "BR-01-line-end", "https://h/\na", FALSE },
  { "BR-01-line-end-behind", "https://h/\n", FALSE },
  { "BR-01-space", "https://h/a b", FALSE },
  { "BR-01-space-in-front", " https://h/a", FALSE },
  { "BR-01-tab", "https://h/\ta", FALSE },
  { "BR-01-quote", "https://h/\"a", FALSE },
  { "BR-01-angle", "https://h/<a>", FALSE },
  { "BR-01-backtick", "https://h/`id`", FALSE },
  { "BR-01-backslash", "https://h\\@evil/", FALSE },
  { "BR-01-not-ascii", "https://h/\xc3\xa9", FALSE },
  { "BR-01-port-large", "https://h:65536/", FALSE },
  { "BR-01-port-word", "https://h:http/", FALSE },
  { "loopback-prefix", "http://127.0.0.1.evil.example/", FALSE },
  { "loopback-suffix", "http://evil-localhost/", FALSE },
  { "loopback-subdomain", "http://localhost.evil.example/", FALSE },
  { "loopback-dot", "http://localhost./", FALSE },
  { "loopback-other", "http://127.0.0.2/", FALSE },
  { "loopback-short", "http://127.1/", FALSE },
  { "loopback-any", "http://0.0.0.0/", FALSE },
  { "loopback-mapped", "http://[::ffff:127.0.0.1]/", FALSE },
  { "loopback-user", "http://localhost@evil.example/", FALSE },
};

static void
check_endpoint (gconstpointer data)
{
  const Uri *row = data;

  g_assert_cmpint (ta_endpoint_is_valid (row->uri), ==, row->good);
}

static void
check_length (void)
{
  g_autofree char *filling = unit_repeat ("a", 2048 - strlen ("https://h/"));
  g_autofree char *longest = g_strconcat ("https://h/", filling, NULL);
  g_autofree char *longer = g_strconcat (longest, "a", NULL);
  g_autofree char *endless = unit_repeat ("https://h/", 900);

  g_assert_true (ta_endpoint_is_valid (longest));
  g_assert_false (ta_endpoint_is_valid (longer));
  g_assert_false (ta_endpoint_is_valid (endless));
}

static const Uri redirect_uris[] = {
  { "tidio", "http://localhost:3000/callback", TRUE },
  { "ipv4", "http://127.0.0.1:0/callback", TRUE },
  { "ipv6", "http://[::1]:0/callback", TRUE },
  { "root", "http://localhost:3000/", TRUE },
  { "bare", "http://localhost:3000", TRUE },
  { "no-port", "http://localhost/callback", FALSE },
  { "port-empty", "http://localhost:/callback", FALSE },
  { "port-large", "http://localhost:65536/callback", FALSE },
  { "https", "https://localhost:3000/callback", FALSE },
  { "other-host", "http://www.tidio.com:3000/callback", FALSE },
  { "any-address", "http://0.0.0.0:3000/callback", FALSE },
  { "query", "http://localhost:3000/callback?a=b", FALSE },
  { "query-empty", "http://localhost:3000/callback?", FALSE },
  { "fragment", "http://localhost:3000/callback#a", FALSE },
  { "user", "http://u@localhost:3000/callback", FALSE },
  { "scheme", "org.tidio.auth:/callback", FALSE },
  { "empty", "", FALSE },
};

static void
check_redirect_uri (gconstpointer data)
{
  const Uri *row = data;

  g_assert_cmpint (ta_endpoint_is_redirect_uri (row->uri), ==, row->good);
}

typedef struct
{
  const char *id;
  const char *uri;
  const char *result;
} Query;

static const Query queries[] = {
  { "none", "https://h/a", "https://h/a?c=d" },
  { "one", "https://h/a?b=c", "https://h/a?b=c&c=d" },
  { "mark-alone", "https://h/a?", "https://h/a?c=d" },
  { "ends-with-separator", "https://h/a?b=c&", "https://h/a?b=c&c=d" },
  { "separator-in-path", "https://h/a&", "https://h/a&?c=d" },
};

static void
check_add_query (gconstpointer data)
{
  const Query *row = data;
  g_autofree char *result = ta_endpoint_add_query (row->uri, "c=d");

  g_assert_cmpstr (result, ==, row->result);
}

typedef struct
{
  const char *id;
  const char *path;
  const char *uri;
} Allowed;

static const Allowed allowed[] = {
  { "plain", "contacts", BASE "contacts" },
  { "slash", "/contacts", BASE "contacts" },
  { "empty", "", BASE },
  { "slash-alone", "/", BASE },
  { "slash-behind", "contacts/", BASE "contacts/" },
  { "query", "contacts?limit=10&a=b", BASE "contacts?limit=10&a=b" },
  { "query-alone", "?a=b", BASE "?a=b" },
  { "query-slashes", "contacts?next=//a/../b", BASE "contacts?next=//a/../b" },
  { "query-encoded", "contacts?a=%2F%2e%25%5C", BASE "contacts?a=%2F%2e%25%5C" },
  { "query-marks", "contacts?a=b?c", BASE "contacts?a=b?c" },
  { "query-at", "contacts?mail=a@b:c", BASE "contacts?mail=a@b:c" },
  { "encoded", "contacts/%C3%A9%20", BASE "contacts/%C3%A9%20" },
  { "at-further-in", "contacts/a@b", BASE "contacts/a@b" },
  { "colon-further-in", "contacts/a:b", BASE "contacts/a:b" },
  { "dots-in-name", "contacts/a..b/...", BASE "contacts/a..b/..." },
  { "punctuation", "a-._~!$&'()*+,;=", BASE "a-._~!$&'()*+,;=" },
};

static void
check_allowed (gconstpointer data)
{
  const Allowed *row = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = ta_endpoint_api_uri (BASE, row->path, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (uri, ==, row->uri);
}

typedef struct
{
  const char *id;
  const char *path;
} Path;

static const Path escapes[] = {
  { "CA-06-uri", "https://evil/" },
  { "CA-06-network-path", "//evil/x" },
  { "CA-06-three-slashes", "///evil/x" },
  { "CA-06-user", "@evil" },
  { "CA-06-slash-user", "/@evil" },
  { "CA-06-port", ":443/" },
  { "CA-06-slash-port", "/:443/" },
  { "CA-06-user-behind", "/v1@evil" },
  { "CA-06-scheme", "http:/x" },
  { "CA-06-scheme-alone", "javascript:x" },
  { "dot-segment", "." },
  { "dot-segments", ".." },
  { "dot-segments-parameters", "..;/oauth/token" },
  { "dot-segments-parameters-encoded", "..%3B/oauth/token" },
  { "dot-segments-parameters-inside", "a/;/..;b=c/x" },
  { "dot-segments-slash", "/.." },
  { "dot-segments-up", "../../oauth/token" },
  { "dot-segments-inside", "contacts/../../../oauth/token" },
  { "dot-segments-within-base", "contacts/../operators" },
  { "dot-segments-behind", "contacts/.." },
  { "dot-segments-query", "contacts/..?a=b" },
  { "dot-inside", "contacts/./a" },
  { "encoded-dots", "%2e%2e/oauth/token" },
  { "encoded-dots-upper", "%2E%2E/oauth" },
  { "encoded-dots-half", ".%2e/oauth" },
  { "encoded-slash", "..%2foauth" },
  { "encoded-slash-upper", "contacts%2Fa" },
  { "encoded-backslash", "..%5coauth" },
  { "encoded-percent", "%252e%252e/oauth" },
  { "slashes-inside", "contacts//a" },
  { "slashes-behind", "contacts//" },
  { "backslash", "..\\oauth" },
  { "backslashes", "\\\\evil\\x" },
  { "slash-backslash", "/\\evil" },
  { "backslash-in-query", "contacts?a=\\" },
};

static void
check_escape (gconstpointer data)
{
  const Path *row = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = ta_endpoint_api_uri (BASE, row->path, &error);

  g_assert_null (uri);
  unit_assert_error (error, TA_ERROR, TA_ERROR_PATH_NOT_ALLOWED);
}

static const Path malformed[] = {
  { "CA-09-not-ascii", "contacts/\xc3\xa9" },
  { "CA-09-not-utf-8", "contacts/\xff" },
  { "CA-09-space", "contacts/a b" },
  { "CA-09-crlf", "contacts%0d%0aX-Evil:%201" },
  { "CA-09-lf-upper", "contacts%0A" },
  { "CA-09-crlf-raw", "contacts\r\nX-Evil: 1" },
  { "CA-09-nul", "contacts%00" },
  { "CA-09-not-hex", "contacts%zz" },
  { "CA-09-half", "contacts%4" },
  { "CA-09-bare", "contacts%" },
  { "CA-09-in-query", "contacts?a=%0d%0a" },
  { "CA-09-nul-in-query", "contacts?a=%00" },
  { "CA-09-space-in-query", "contacts?a= " },
  { "fragment", "contacts#a" },
  { "fragment-in-query", "contacts?a#b" },
  { "quote", "contacts/\"" },
  { "angle", "contacts/<a>" },
  { "bracket", "contacts/[a]" },
  { "brace", "contacts/{id}" },
  { "tab", "contacts\t" },
  { "delete", "contacts\x7f" },
};

static void
check_malformed (gconstpointer data)
{
  const Path *row = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = ta_endpoint_api_uri (BASE, row->path, &error);

  g_assert_null (uri);
  unit_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
}

static void
check_path_length (void)
{
  g_autofree char *longest = unit_repeat ("a", 4096);
  g_autofree char *longer = unit_repeat ("a", 4097);
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = ta_endpoint_api_uri (BASE, longest, &error);

  g_assert_no_error (error);
  g_assert_nonnull (uri);
  g_assert_null (ta_endpoint_api_uri (BASE, longer, &error));
  unit_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
}

/* A base URI without a path of its own, with a port, on an IPv6 address. */
static void
check_other_bases (void)
{
  g_autofree char *root = ta_endpoint_api_uri ("https://api.tidio.com/", "/v1/contacts", NULL);
  g_autofree char *port = ta_endpoint_api_uri ("http://localhost:8080/v1/", "a", NULL);
  g_autofree char *ipv6 = ta_endpoint_api_uri ("http://[::1]:8080/", "a?b", NULL);

  g_assert_cmpstr (root, ==, "https://api.tidio.com/v1/contacts");
  g_assert_cmpstr (port, ==, "http://localhost:8080/v1/a");
  g_assert_cmpstr (ipv6, ==, "http://[::1]:8080/a?b");
}

/* What is asked for is named as it is sent, whatever stands in the query. */
static void
check_api_paths (void)
{
  const char *const rows[][2] = {
    { "contacts", "/contacts" },
    { "/contacts/1?limit=10", "/contacts/1" },
    { "", "/" },
    { "/?a=/b", "/" },
    { "?/contacts", "/" },
    { "c%6fntacts/a%20b;c", "/c%6fntacts/a%20b;c" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = ta_endpoint_api_path (rows[i][0]);

      g_assert_cmpstr (path, ==, rows[i][1]);
    }
}

static void
check_message_repeats_nothing (void)
{
  g_autoptr (GError) escape = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_endpoint_api_uri (BASE, "..?token=CANARY", &escape));
  g_assert_null (ta_endpoint_api_uri (BASE, "a?token=CANARY#", &error));
  g_assert_null (strstr (escape->message, "CANARY"));
  g_assert_null (strstr (error->message, "CANARY"));
}

typedef struct
{
  const char *id;
  const char *uri;
  const char *origin;
} Origin;

static const Origin origins[] = {
  { "https", "https://h.example/oauth/token", "https://h.example" },
  { "default-port", "https://h.example:443/token", "https://h.example" },
  { "other-port", "https://h.example:8443/token?a=b", "https://h.example:8443" },
  { "port-of-http", "https://h.example:80/token", "https://h.example:80" },
  { "case", "HTTPS://H.Example/Token", "https://h.example" },
  { "no-path", "https://h.example", "https://h.example" },
  { "loopback", "http://127.0.0.1:8700/oauth/token", "http://127.0.0.1:8700" },
  { "loopback-default-port", "http://localhost:80/t", "http://localhost" },
  { "ipv6", "http://[::1]:9000/t", "http://[::1]:9000" },
};

static void
check_origin (gconstpointer data)
{
  const Origin *row = data;
  g_autofree char *origin = ta_endpoint_origin (row->uri);

  g_assert_true (ta_endpoint_is_valid (row->uri));
  g_assert_cmpstr (origin, ==, row->origin);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/endpoint/UN-EP-01-endpoint", endpoints, check_endpoint);
  g_test_add_func ("/endpoint/UN-EP-02-length", check_length);
  UNIT_ADD_ROWS ("/endpoint/UN-EP-03-redirect-uri", redirect_uris, check_redirect_uri);
  UNIT_ADD_ROWS ("/endpoint/UN-EP-04-add-query", queries, check_add_query);
  UNIT_ADD_ROWS ("/endpoint/UN-EP-05-allowed", allowed, check_allowed);
  UNIT_ADD_ROWS ("/endpoint/UN-EP-06-escape", escapes, check_escape);
  UNIT_ADD_ROWS ("/endpoint/UN-EP-07-malformed", malformed, check_malformed);
  g_test_add_func ("/endpoint/UN-EP-08-path-length", check_path_length);
  g_test_add_func ("/endpoint/UN-EP-09-other-bases", check_other_bases);
  g_test_add_func ("/endpoint/UN-EP-19-api-paths", check_api_paths);
  g_test_add_func ("/endpoint/UN-EP-10-message-repeats-nothing", check_message_repeats_nothing);
  UNIT_ADD_ROWS ("/endpoint/UN-EP-11-origin", origins, check_origin);
  return g_test_run ();
}

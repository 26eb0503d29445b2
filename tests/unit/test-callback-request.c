/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-callback-request.h"

#include "unit.h"

typedef struct
{
  const char *id;
  const char *line; /* without version */
  const char *headers;
  guint status; /* 0: let through */
} Request;

#define LINE "GET /callback?code=a&state=b"
#define HOST "Host: localhost:3000\r\n"

static const Request requests[] = {
  { "CB-01-good", LINE, HOST, 0 },
  { "CB-01-browser", LINE,
    HOST "User-Agent: Mozilla/5.0\r\nCookie: a=b\r\nAccept: text/html\r\n"
         "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\n"
         "Sec-Fetch-Dest: document\r\nUpgrade-Insecure-Requests: 1\r\n",
    0 },
  { "no-query", "GET /callback", HOST, 0 },
  { "host-case", LINE, "HOST: LocalHost:3000\r\n", 0 },
  { "CB-09-host-other", LINE, "Host: evil.example\r\n", 421 },
  { "CB-09-host-other-port", LINE, "Host: evil.example:3000\r\n", 421 },
  { "CB-10-prefix", LINE, "Host: 127.0.0.1.evil.example:3000\r\n", 421 },
  { "CB-10-suffix", LINE, "Host: evil.localhost:3000\r\n", 421 },
  { "CB-10-dot", LINE, "Host: localhost.:3000\r\n", 421 },
  { "CB-10-no-port", LINE, "Host: localhost\r\n", 421 },
  { "CB-10-other-port", LINE, "Host: localhost:3001\r\n", 421 },
  { "CB-10-longer-port", LINE, "Host: localhost:30000\r\n", 421 },
  { "CB-10-zeros-port", LINE, "Host: localhost:03000\r\n", 421 },
  { "CB-10-other-name", LINE, "Host: 127.0.0.1:3000\r\n", 421 },
  { "CB-10-zero", LINE, "Host: 0:3000\r\n", 421 },
  { "CB-10-mapped", LINE, "Host: [::ffff:127.0.0.1]:3000\r\n", 421 },
  { "CB-10-list", LINE, "Host: localhost:3000, evil\r\n", 400 },
  { "CB-10-user", LINE, "Host: a@localhost:3000\r\n", 400 },
  { "CB-10-comma", LINE, "Host: localhost:3000,evil\r\n", 400 },
  { "CB-10-two-words", LINE, "Host: localhost:3000 evil\r\n", 400 },
  { "CB-10-path", LINE, "Host: localhost:3000/\r\n", 400 },
  { "CB-10-port-word", LINE, "Host: localhost:x\r\n", 400 },
  { "CB-10-port-empty", LINE, "Host: localhost:\r\n", 421 },
  { "CB-10-port-alone", LINE, "Host: :3000\r\n", 400 },
  { "CB-10-two-ports", LINE, "Host: localhost:3000:3000\r\n", 400 },
  { "CB-10-ipv6-bare", LINE, "Host: ::1\r\n", 400 },
  { "CB-10-ipv6", LINE, "Host: [::1]:3000\r\n", 421 },
  { "CB-10-ipv6-no-port", LINE, "Host: [::1]\r\n", 421 },
  { "CB-10-ipv6-open", LINE, "Host: [::1\r\n", 400 },
  { "CB-10-ipv6-behind", LINE, "Host: [::1]x:3000\r\n", 400 },
  { "CB-10-not-ascii", LINE,
    "Host: l\xc3\xb6"
    "calhost:3000\r\n",
    400 },
  { "CB-10-empty", LINE, "Host:\r\n", 400 },
  { "CB-10-missing", LINE, "", 400 },
  { "CB-10-two", LINE, HOST "Host: evil\r\n", 400 },
  { "CB-10-two-the-same", LINE, HOST HOST, 400 },
  { "CB-18-head", "HEAD /callback?code=a&state=b", HOST, 405 },
  { "CB-18-post", "POST /callback?code=a&state=b", HOST, 405 },
  { "CB-18-put", "PUT /callback", HOST, 405 },
  { "CB-18-options", "OPTIONS /callback", HOST "Origin: https://evil\r\n", 405 },
  { "CB-18-trace", "TRACE /callback", HOST, 405 },
  { "CB-18-lower", "get /callback?code=a&state=b", HOST, 405 },
  { "CB-18-unknown", "GETX /callback", HOST, 405 },
  { "favicon", "GET /favicon.ico", HOST, 404 },
  { "root", "GET /", HOST, 404 },
  { "path-longer", "GET /callback/", HOST, 404 },
  { "path-shorter", "GET /callbac", HOST, 404 },
  { "path-case", "GET /Callback", HOST, 404 },
  { "path-slashes", "GET //callback", HOST, 404 },
  { "path-encoded", "GET /call%62ack", HOST, 404 },
  { "path-dots", "GET /a/../callback", HOST, 404 },
  { "path-parameter", "GET /callback;a", HOST, 404 },
  { "body", LINE, HOST "Content-Length: 1\r\n", 413 },
  { "body-zero", LINE, HOST "Content-Length: 0\r\n", 0 },
  { "body-zeros", LINE, HOST "Content-Length: 00\r\n", 413 },
  { "body-negative", LINE, HOST "Content-Length: -1\r\n", 413 },
  { "body-empty", LINE, HOST "Content-Length:\r\n", 413 },
  { "body-two", LINE, HOST "Content-Length: 0\r\nContent-Length: 5\r\n", 413 },
  { "body-list", LINE, HOST "Content-Length: 0, 0\r\n", 413 },
  { "chunked", LINE, HOST "Transfer-Encoding: chunked\r\n", 413 },
  { "chunked-identity", LINE, HOST "Transfer-Encoding: identity\r\n", 413 },
  { "chunked-and-length", LINE, HOST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", 413 },
  { "fetch", LINE, HOST "Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n", 403 },
  { "fetch-no-cors", LINE, HOST "Sec-Fetch-Mode: no-cors\r\n", 403 },
  { "image", LINE, HOST "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n", 403 },
  { "frame", LINE, HOST "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", 403 },
  { "embed", LINE, HOST "Sec-Fetch-Dest: embed\r\n", 403 },
  { "mode-twice", LINE, HOST "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Mode: cors\r\n", 403 },
  { "destination-twice", LINE, HOST "Sec-Fetch-Dest: image\r\nSec-Fetch-Dest: document\r\n", 403 },
  { "mode-alone", LINE, HOST "Sec-Fetch-Mode: navigate\r\n", 0 },
  { "destination-alone", LINE, HOST "Sec-Fetch-Dest: document\r\n", 0 },
  { "prefetch", LINE, HOST "Sec-Purpose: prefetch\r\n", 503 },
  { "prerender", LINE,
    HOST "Sec-Purpose: prefetch;prerender\r\nSec-Fetch-Mode: navigate\r\n"
         "Sec-Fetch-Dest: document\r\n",
    503 },
  { "prefetch-purpose", LINE, HOST "Purpose: prefetch\r\n", 503 },
  { "prefetch-moz", LINE, HOST "X-Moz: prefetch\r\n", 503 },
};

static TaHead *
parse (const char *line, const char *version, const char *headers)
{
  g_autofree char *text = g_strdup_printf ("%s %s\r\n%s\r\n", line, version, headers);
  guint status = 0;
  TaHead *head = ta_head_parse (text, strlen (text), &status);

  g_assert_nonnull (head);
  return head;
}

static void
check_request (gconstpointer data)
{
  const Request *row = data;
  g_autoptr (GUri) uri = g_uri_parse ("http://localhost:3000/callback", G_URI_FLAGS_ENCODED, NULL);
  g_autoptr (TaHead) head = parse (row->line, "HTTP/1.1", row->headers);
  g_autoptr (TaHead) old = parse (row->line, "HTTP/1.0", row->headers);

  g_assert_cmpuint (ta_callback_request_judge (head, uri, 3000), ==, row->status);
  g_assert_cmpuint (ta_callback_request_judge (old, uri, 3000), ==, row->status);
}

typedef struct
{
  const char *id;
  const char *redirect_uri;
  const char *line;
  const char *host;
} Other;

/* The port is the real one, which the redirect URI may leave open. */
static const Other others[] = {
  { "ipv4", "http://127.0.0.1:0/callback", "GET /callback", "Host: 127.0.0.1:4444\r\n" },
  { "ipv6", "http://[::1]:0/callback", "GET /callback", "Host: [::1]:4444\r\n" },
  { "name", "http://localhost:0/callback", "GET /callback", "Host: localhost:4444\r\n" },
  { "bare", "http://localhost:4444", "GET /", "Host: localhost:4444\r\n" },
  { "root", "http://localhost:4444/", "GET /?code=a", "Host: localhost:4444\r\n" },
  { "encoded", "http://localhost:4444/a%20b", "GET /a%20b", "Host: localhost:4444\r\n" },
};

static void
check_other (gconstpointer data)
{
  const Other *row = data;
  g_autoptr (GUri) uri = g_uri_parse (row->redirect_uri, G_URI_FLAGS_ENCODED, NULL);
  g_autoptr (TaHead) head = parse (row->line, "HTTP/1.1", row->host);

  g_assert_cmpuint (ta_callback_request_judge (head, uri, 4444), ==, 0);
  g_assert_cmpuint (ta_callback_request_judge (head, uri, 4445), ==, 421);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/callback-request/UN-CR-01-request", requests, check_request);
  UNIT_ADD_ROWS ("/callback-request/UN-CR-02-other-redirect-uri", others, check_other);
  return g_test_run ();
}

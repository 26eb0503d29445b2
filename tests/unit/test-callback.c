/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "io/ta-callback.h"

#include "unit-peer.h"

typedef struct
{
  TaCallback *callback; /* (owned) */
  guint16 port;
  GPtrArray *queries; /* (owned) (element-type utf8) */
  GQueue visits;      /* (element-type TaCallbackVisit) (owned): not answered yet */
  gboolean answers;   /* at once */
} Fixture;

static void
on_visit (TaCallbackVisit *visit, const char *query, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_ptr_array_add (fixture->queries, g_strdup (query));
  if (fixture->answers)
    ta_callback_visit_answer (visit, TA_PAGE_DONE);
  else
    g_queue_push_tail (&fixture->visits, visit);
}

static void
answer_next (Fixture *fixture, TaPage page)
{
  ta_callback_visit_answer (g_queue_pop_head (&fixture->visits), page);
}

/* GSocketService drops who connects before the main loop has seen all its sockets. */
static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GUri) uri = NULL;

  g_queue_init (&fixture->visits);
  fixture->answers = TRUE;
  fixture->queries = g_ptr_array_new_with_free_func (g_free);
  fixture->callback
      = ta_callback_new ("http://localhost:0/callback", NULL, on_visit, fixture, &error);
  g_assert_no_error (error);
  uri = g_uri_parse (ta_callback_get_redirect_uri (fixture->callback), G_URI_FLAGS_NONE, NULL);
  fixture->port = (guint16) g_uri_get_port (uri);
  unit_peer_settle ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  while (!g_queue_is_empty (&fixture->visits))
    answer_next (fixture, TA_PAGE_FAILED);
  unit_peer_settle ();
  g_clear_object (&fixture->callback);
  unit_peer_settle ();
  g_ptr_array_unref (fixture->queries);
}

static UnitPeer *
visit (Fixture *fixture, const char *address, const char *line, const char *headers)
{
  g_autofree char *request
      = g_strdup_printf ("%s\r\nHost: localhost:%u\r\n%s\r\n", line, fixture->port, headers);
  UnitPeer *peer = unit_peer_new (address, fixture->port);

  unit_peer_send (peer, request, -1);
  return peer;
}

static void
await_visits (Fixture *fixture, guint count)
{
  while (fixture->queries->len < count)
    g_main_context_iteration (NULL, TRUE);
}

static char *
get_page (TaPage page)
{
  g_autoptr (GBytes) html = ta_page_render (page);

  return g_strndup (g_bytes_get_data (html, NULL), g_bytes_get_size (html));
}

static void
assert_headers (const char *answer)
{
  g_auto (GStrv) headers = ta_page_get_headers ();

  for (int i = 0; headers[i] != NULL; i += 2)
    {
      g_autofree char *line = g_strdup_printf ("\r\n%s: %s\r\n", headers[i], headers[i + 1]);

      g_assert_nonnull (strstr (answer, line));
    }
  g_assert_nonnull (strstr (answer, "\r\nContent-Length: "));
  g_assert_null (strstr (answer, "\r\nServer:"));
  g_assert_null (strstr (answer, "\r\nSet-Cookie:"));
  g_assert_null (strstr (answer, "Access-Control"));
}

/* The status, all headers, and the whole page as it is. */
static void
assert_answer (const char *answer, const char *status, TaPage page)
{
  g_autofree char *start = g_strdup_printf ("HTTP/1.1 %s ", status);
  g_autofree char *html = get_page (page);
  g_autofree char *length = g_strdup_printf ("\r\nContent-Length: %zu\r\n", strlen (html));
  const char *body = strstr (answer, "\r\n\r\n");

  g_assert_true (g_str_has_prefix (answer, start));
  assert_headers (answer);
  g_assert_nonnull (strstr (answer, length));
  g_assert_nonnull (body);
  g_assert_cmpstr (body + 4, ==, html);
}

/* Both families, and the port that the provider is told. */
static void
check_families (Fixture *fixture, gconstpointer data)
{
  g_autofree char *expected = g_strdup_printf ("http://localhost:%u/callback", fixture->port);
  g_autoptr (UnitPeer) ipv4
      = visit (fixture, "127.0.0.1", "GET /callback?code=a&state=b HTTP/1.1", "");
  g_autoptr (UnitPeer) ipv6 = visit (fixture, "::1", "GET /callback?code=c HTTP/1.0", "");

  g_assert_cmpuint (fixture->port, !=, 0);
  g_assert_cmpstr (ta_callback_get_redirect_uri (fixture->callback), ==, expected);
  assert_answer (unit_peer_await_end (ipv4), "200", TA_PAGE_DONE);
  g_assert_nonnull (strstr (unit_peer_await_end (ipv6), "</html>"));
  g_assert_cmpuint (fixture->queries->len, ==, 2);
}

typedef struct
{
  const char *id;
  const char *target;
  const char *query;
} Query;

/* What the browser sends arrives byte by byte. */
static const Query queries[] = {
  { "plain", "/callback?code=a&state=b", "code=a&state=b" },
  { "none", "/callback", "" },
  { "empty", "/callback?", "" },
  { "encoded", "/callback?code=a%2Bb%20c&state=%C3%A9", "code=a%2Bb%20c&state=%C3%A9" },
  { "not-utf-8", "/callback?state=%FF", "state=%FF" },
  { "plus", "/callback?state=a+b", "state=a+b" },
  { "marks", "/callback?a?b?c", "a?b?c" },
  { "punctuation", "/callback?a=\"<>\\^`{|}[]'", "a=\"<>\\^`{|}[]'" },
  { "twice", "/callback?state=a&state=b", "state=a&state=b" },
  { "uri", "/callback?next=http://evil/../x", "next=http://evil/../x" },
};

static void
check_query (Fixture *fixture, gconstpointer data)
{
  const Query *row = data;
  g_autofree char *line = g_strdup_printf ("GET %s HTTP/1.1", row->target);
  g_autoptr (UnitPeer) peer = visit (fixture, "127.0.0.1", line, "");

  assert_answer (unit_peer_await_end (peer), "200", TA_PAGE_DONE);
  g_assert_cmpuint (fixture->queries->len, ==, 1);
  g_assert_cmpstr (fixture->queries->pdata[0], ==, row->query);
}

/* Whoever notices it, the page is ours. */
static void
check_badly_encoded (Fixture *fixture, gconstpointer data)
{
  const char *const lines[]
      = { "GET /callback?state=%zz HTTP/1.1", "GET /callback?state=a% HTTP/1.1",
          "GET /callback?state=%4 HTTP/1.0", "GET /callback?state=a%00junk HTTP/1.1" };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (UnitPeer) peer = visit (fixture, "127.0.0.1", lines[i], "");
      const char *answer = unit_peer_await_end (peer);

      assert_headers (answer);
      g_assert_nonnull (strstr (answer, "</html>"));
    }
}

typedef struct
{
  const char *id;
  const char *headers;
} Headers;

/* None of these changes the answer. */
static const Headers indifferent[] = {
  { "range", "Range: bytes=0-9\r\n" },
  { "ranges", "Range: bytes=0-0,1-1,2-2,0-,0-,0-\r\n" },
  { "range-beyond", "Range: bytes=1000000-\r\n" },
  { "expect", "Expect: 100-continue\r\n" },
  { "keep-alive", "Connection: keep-alive\r\nKeep-Alive: timeout=600\r\n" },
  { "upgrade", "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n" },
  { "websocket", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" },
  { "encodings", "Accept-Encoding: gzip, deflate, br\r\n" },
  { "conditional", "If-None-Match: *\r\nIf-Modified-Since: Tue, 24 Nov 2026 00:00:00 GMT\r\n" },
  { "authorization", "Authorization: Basic YTpi\r\n" },
  { "cookies", "Cookie: a=b\r\n" },
  { "not-utf-8", "X-Bytes: \xff\r\n" },
};

static void
check_indifferent (Fixture *fixture, gconstpointer data)
{
  const Headers *row = data;
  g_autoptr (UnitPeer) peer
      = visit (fixture, "127.0.0.1", "GET /callback?code=a HTTP/1.1", row->headers);

  assert_answer (unit_peer_await_end (peer), "200", TA_PAGE_DONE);
  g_assert_cmpuint (fixture->queries->len, ==, 1);
}

typedef struct
{
  const char *id;
  TaPage page;
  const char *status;
} Page;

static const Page pages[] = {
  { "done", TA_PAGE_DONE, "200" },       { "unsaved", TA_PAGE_UNSAVED, "200" },
  { "pending", TA_PAGE_PENDING, "200" }, { "denied", TA_PAGE_DENIED, "200" },
  { "failed", TA_PAGE_FAILED, "200" },   { "invalid", TA_PAGE_INVALID, "400" },
  { "used", TA_PAGE_USED, "410" },
};

/* The page waits until somebody knows which it is. */
static void
check_page (Fixture *fixture, gconstpointer data)
{
  const Page *row = data;
  g_autoptr (UnitPeer) peer = NULL;

  fixture->answers = FALSE;
  peer = visit (fixture, "127.0.0.1", "GET /callback?code=a HTTP/1.1", "");
  await_visits (fixture, 1);
  unit_peer_settle ();
  g_assert_cmpstr (unit_peer_await (peer, 0), ==, "");
  answer_next (fixture, row->page);
  assert_answer (unit_peer_await_end (peer), row->status, row->page);
}

/* Who waits too long gets a page that was set for that; an answer comes too late then. */
static void
check_last_page (Fixture *fixture, gconstpointer data)
{
  g_autoptr (UnitPeer) peer = NULL;
  g_autoptr (UnitPeer) next = NULL;

  fixture->answers = FALSE;
  peer = visit (fixture, "127.0.0.1", "GET /callback?a HTTP/1.1", "");
  await_visits (fixture, 1);
  ta_callback_visit_set_last_page (g_queue_peek_head (&fixture->visits), 1, TA_PAGE_UNSAVED);
  assert_answer (unit_peer_await_end (peer), "200", TA_PAGE_UNSAVED);
  answer_next (fixture, TA_PAGE_DONE);
  next = visit (fixture, "127.0.0.1", "GET /callback?b HTTP/1.1", "");
  await_visits (fixture, 2);
  ta_callback_visit_set_last_page (g_queue_peek_head (&fixture->visits), 1, TA_PAGE_UNSAVED);
  answer_next (fixture, TA_PAGE_DENIED);
  assert_answer (unit_peer_await_end (next), "200", TA_PAGE_DENIED);
}

static void
check_several (Fixture *fixture, gconstpointer data)
{
  g_autoptr (UnitPeer) first = NULL;
  g_autoptr (UnitPeer) second = NULL;

  fixture->answers = FALSE;
  first = visit (fixture, "127.0.0.1", "GET /callback?a HTTP/1.1", "");
  await_visits (fixture, 1);
  second = visit (fixture, "::1", "GET /callback?b HTTP/1.1", "");
  await_visits (fixture, 2);
  g_queue_reverse (&fixture->visits);
  answer_next (fixture, TA_PAGE_USED);
  assert_answer (unit_peer_await_end (second), "410", TA_PAGE_USED);
  g_assert_false (unit_peer_has_ended (first));
  answer_next (fixture, TA_PAGE_DONE);
  assert_answer (unit_peer_await_end (first), "200", TA_PAGE_DONE);
}

/* Closing shuts the port at once; who waits still learns the end. */
static void
check_close (Fixture *fixture, gconstpointer data)
{
  g_autoptr (UnitPeer) peer = NULL;

  fixture->answers = FALSE;
  peer = visit (fixture, "127.0.0.1", "GET /callback?code=a HTTP/1.1", "");
  await_visits (fixture, 1);
  ta_callback_close (fixture->callback);
  ta_callback_close (fixture->callback);
  unit_peer_settle ();
  g_assert_false (unit_peer_can_connect ("127.0.0.1", fixture->port));
  g_assert_false (unit_peer_can_connect ("::1", fixture->port));
  answer_next (fixture, TA_PAGE_DENIED);
  assert_answer (unit_peer_await_end (peer), "200", TA_PAGE_DENIED);
}

static void
check_answer_after_end (Fixture *fixture, gconstpointer data)
{
  g_autoptr (UnitPeer) peer = NULL;

  fixture->answers = FALSE;
  peer = visit (fixture, "127.0.0.1", "GET /callback?code=a HTTP/1.1", "");
  await_visits (fixture, 1);
  g_clear_object (&fixture->callback);
  unit_peer_settle ();
  g_assert_false (unit_peer_can_connect ("127.0.0.1", fixture->port));
  answer_next (fixture, TA_PAGE_DONE);
  assert_answer (unit_peer_await_end (peer), "200", TA_PAGE_DONE);
}

/* A browser that left before the page was known harms nobody. */
static void
check_browser_left (Fixture *fixture, gconstpointer data)
{
  g_autoptr (UnitPeer) other = NULL;

  fixture->answers = FALSE;
  {
    g_autoptr (UnitPeer) peer = visit (fixture, "127.0.0.1", "GET /callback?a HTTP/1.1", "");

    await_visits (fixture, 1);
    g_assert_false (unit_peer_has_ended (peer));
  }
  unit_peer_settle ();
  answer_next (fixture, TA_PAGE_DONE);
  other = visit (fixture, "127.0.0.1", "GET /callback?b HTTP/1.1", "");
  await_visits (fixture, 2);
  answer_next (fixture, TA_PAGE_USED);
  assert_answer (unit_peer_await_end (other), "410", TA_PAGE_USED);
}

/* What the gate refuses does not get here. */
static void
check_refused (Fixture *fixture, gconstpointer data)
{
  const char *const lines[]
      = { "GET /favicon.ico HTTP/1.1", "POST /callback HTTP/1.1", "GET /callback HTTP/2.0",
          "GET http://localhost/callback HTTP/1.1" };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (UnitPeer) peer = visit (fixture, "127.0.0.1", lines[i], "");

      g_assert_false (g_str_has_prefix (unit_peer_await_end (peer), "HTTP/1.1 200"));
    }
  g_assert_cmpuint (fixture->queries->len, ==, 0);
}

static void
check_fixed_port (Fixture *fixture, gconstpointer data)
{
  g_autofree char *redirect_uri = g_strdup (ta_callback_get_redirect_uri (fixture->callback));
  g_autoptr (TaCallback) callback = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_callback_new (redirect_uri, NULL, on_visit, fixture, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_PORT_UNAVAILABLE);
  g_clear_error (&error);
  ta_callback_close (fixture->callback);
  callback = ta_callback_new (redirect_uri, NULL, on_visit, fixture, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ta_callback_get_redirect_uri (callback), ==, redirect_uri);
}

typedef struct
{
  const char *id;
  const char *redirect_uri;
  const char *start;
  const char *end;
} Address;

static const Address addresses[] = {
  { "ipv4", "http://127.0.0.1:0/callback", "http://127.0.0.1:", "/callback" },
  { "ipv6", "http://[::1]:0/callback", "http://[::1]:", "/callback" },
  { "name", "http://localhost:0/a%20b", "http://localhost:", "/a%20b" },
};

static void
check_address (gconstpointer data)
{
  const Address *row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaCallback) callback
      = ta_callback_new (row->redirect_uri, NULL, on_visit, NULL, &error);
  const char *redirect_uri;

  g_assert_no_error (error);
  redirect_uri = ta_callback_get_redirect_uri (callback);
  g_assert_true (g_str_has_prefix (redirect_uri, row->start));
  g_assert_true (g_str_has_suffix (redirect_uri, row->end));
  g_assert_null (strstr (redirect_uri, ":0/"));
}

static void
add (const char *path, gconstpointer row, void (*check) (Fixture *fixture, gconstpointer user_data))
{
  g_test_add (path, Fixture, row, set_up, check, tear_down);
}

#define ADD_ROWS(group, rows, check)                                                               \
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)                                                  \
    {                                                                                              \
      g_autofree char *path = g_strconcat (group "/", (rows)[i].id, NULL);                         \
                                                                                                   \
      add (path, &(rows)[i], check);                                                               \
    }

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/callback/UN-CB-01-families", NULL, check_families);
  ADD_ROWS ("/callback/UN-CB-02-query", queries, check_query);
  ADD_ROWS ("/callback/UN-CB-03-indifferent", indifferent, check_indifferent);
  ADD_ROWS ("/callback/UN-CB-04-page", pages, check_page);
  add ("/callback/UN-CB-05-several", NULL, check_several);
  add ("/callback/UN-CB-06-close", NULL, check_close);
  add ("/callback/UN-CB-07-answer-after-end", NULL, check_answer_after_end);
  add ("/callback/UN-CB-08-browser-left", NULL, check_browser_left);
  add ("/callback/UN-CB-09-refused", NULL, check_refused);
  add ("/callback/UN-CB-10-fixed-port", NULL, check_fixed_port);
  add ("/callback/UN-CB-12-badly-encoded", NULL, check_badly_encoded);
  UNIT_ADD_ROWS ("/callback/UN-CB-11-address", addresses, check_address);
  add ("/callback/UN-CB-13-last-page", NULL, check_last_page);
  return g_test_run ();
}

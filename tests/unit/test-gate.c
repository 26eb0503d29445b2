/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "io/ta-gate.h"

#include "unit-peer.h"

#define REDIRECT_URI "http://localhost:0/callback"
#define SLOTS 16

typedef struct
{
  TaGate *gate;     /* (owned) (nullable) */
  GPtrArray *heads; /* (owned) (element-type utf8): what was let through */
  GPtrArray *peers; /* (owned) (element-type UnitPeer) */
} Fixture;

/* Reads what the stream gives, answers and closes. */
static void
admit (GIOStream *stream, GSocketAddress *local, GSocketAddress *remote, gpointer user_data)
{
  Fixture *fixture = user_data;
  char *head = g_malloc0 (65536);
  gsize length;

  g_assert_true (G_IS_INET_SOCKET_ADDRESS (local));
  g_assert_true (G_IS_INET_SOCKET_ADDRESS (remote));
  g_assert_true (g_input_stream_read_all (g_io_stream_get_input_stream (stream), head, 65535,
                                          &length, NULL, NULL));
  g_assert_cmpuint (length, ==, strlen (head));
  g_ptr_array_add (fixture->heads, head);
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (stream), "admitted", 8,
                                            NULL, NULL, NULL));
  g_assert_true (g_io_stream_close (stream, NULL, NULL));
}

static gboolean
matters (const char *query, gpointer user_data)
{
  return g_strcmp0 (query, "code=a") == 0;
}

/* GSocketService drops who connects before the main loop has seen all its sockets. */
static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GUri) uri = g_uri_parse (REDIRECT_URI, G_URI_FLAGS_ENCODED, NULL);
  g_autoptr (GError) error = NULL;

  fixture->heads = g_ptr_array_new_with_free_func (g_free);
  fixture->peers = g_ptr_array_new_with_free_func ((GDestroyNotify) unit_peer_free);
  fixture->gate = ta_gate_new (uri, matters, admit, fixture, &error);
  g_assert_no_error (error);
  unit_peer_settle ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  if (fixture->gate != NULL)
    ta_gate_close (fixture->gate);
  g_ptr_array_unref (fixture->peers);
  unit_peer_settle ();
  g_assert_finalize_object (fixture->gate);
  g_ptr_array_unref (fixture->heads);
}

static UnitPeer *
connect_peer (Fixture *fixture, const char *address)
{
  UnitPeer *peer = unit_peer_new (address, ta_gate_get_port (fixture->gate));

  g_ptr_array_add (fixture->peers, peer);
  return peer;
}

/* A request with the right Host; `headers` are further lines. */
static char *
print_request (Fixture *fixture, const char *line, const char *headers)
{
  return g_strdup_printf ("%s HTTP/1.1\r\nHost: localhost:%u\r\n%s\r\n", line,
                          ta_gate_get_port (fixture->gate), headers);
}

/* What is handed on of it: nothing of the browser's headers but the Host. */
static char *
print_replay (Fixture *fixture, const char *line)
{
  return g_strdup_printf ("%s HTTP/1.1\r\nHost: localhost:%u\r\nConnection: close\r\n\r\n", line,
                          ta_gate_get_port (fixture->gate));
}

static void
check_families (Fixture *fixture, gconstpointer data)
{
  const char *const addresses[] = { "127.0.0.1", "::1" };
  g_autofree char *request = print_request (fixture, "GET /callback?code=a", "Cookie: b\r\n");
  g_autofree char *replay = print_replay (fixture, "GET /callback?code=a");

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      UnitPeer *peer = connect_peer (fixture, addresses[i]);

      unit_peer_send (peer, request, -1);
      g_assert_cmpstr (unit_peer_await_end (peer), ==, "admitted");
      g_assert_cmpuint (fixture->heads->len, ==, i + 1);
      g_assert_cmpstr (fixture->heads->pdata[i], ==, replay);
    }
}

/* CB-02 */
static void
check_single_bytes (Fixture *fixture, gconstpointer data)
{
  g_autofree char *request = print_request (fixture, "GET /callback?code=a", "");
  g_autofree char *replay = print_replay (fixture, "GET /callback?code=a");
  UnitPeer *peer = connect_peer (fixture, "127.0.0.1");

  for (const char *c = request; *c != '\0'; c++)
    {
      unit_peer_send (peer, c, 1);
      unit_peer_settle ();
    }
  g_assert_cmpstr (unit_peer_await_end (peer), ==, "admitted");
  g_assert_cmpstr (fixture->heads->pdata[0], ==, replay);
}

/* One connection, one request: what comes behind it is not seen. */
static void
check_second_request (Fixture *fixture, gconstpointer data)
{
  g_autofree char *request = print_request (fixture, "GET /callback?code=a", "");
  g_autofree char *replay = print_replay (fixture, "GET /callback?code=a");
  g_autofree char *twice = g_strconcat (request, request, NULL);
  UnitPeer *peer = connect_peer (fixture, "127.0.0.1");

  unit_peer_send (peer, twice, -1);
  unit_peer_await_end (peer);
  g_assert_cmpuint (fixture->heads->len, ==, 1);
  g_assert_cmpstr (fixture->heads->pdata[0], ==, replay);
}

typedef struct
{
  const char *id;
  const char *line;
  const char *headers;
  const char *answer; /* the status line */
} Refusal;

static const Refusal refusals[] = {
  { "bad-request", "GET http://localhost/callback", "", "HTTP/1.1 400 Bad Request\r\n" },
  { "forbidden", "GET /callback", "Sec-Fetch-Mode: cors\r\n", "HTTP/1.1 403 Forbidden\r\n" },
  { "not-found", "GET /favicon.ico", "", "HTTP/1.1 404 Not Found\r\n" },
  { "method", "POST /callback", "", "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: " },
  { "body", "GET /callback", "Content-Length: 5\r\n", "HTTP/1.1 413 Content Too Large\r\n" },
  { "two-hosts", "GET /callback", "Host: evil\r\n", "HTTP/1.1 400 Bad Request\r\n" },
  { "prefetch", "GET /callback", "Purpose: prefetch\r\n", "HTTP/1.1 503 Service Unavailable\r\n" },
};

/* Every answer has all headers, and as much body as it announces. */
static void
assert_page (const char *answer)
{
  const char *const headers[] = {
    "Content-Type: text/html; charset=utf-8\r\n",
    "Cache-Control: no-store\r\n",
    "Content-Security-Policy: default-src 'none'; style-src 'sha256-",
    "Referrer-Policy: no-referrer\r\n",
    "X-Content-Type-Options: nosniff\r\n",
    "X-Frame-Options: DENY\r\n",
    "Cross-Origin-Opener-Policy: same-origin\r\n",
    "Cross-Origin-Resource-Policy: same-origin\r\n",
    "Connection: close\r\n",
  };
  const char *body = strstr (answer, "\r\n\r\n");
  const char *length = strstr (answer, "\r\nContent-Length: ");

  for (gsize i = 0; i < G_N_ELEMENTS (headers); i++)
    g_assert_nonnull (strstr (answer, headers[i]));
  g_assert_nonnull (body);
  g_assert_nonnull (length);
  length += strlen ("\r\nContent-Length: ");
  g_assert_cmpuint (g_ascii_strtoull (length, NULL, 10), ==, strlen (body + 4));
  g_assert_null (strstr (answer, "Access-Control"));
  g_assert_null (strstr (answer, "Set-Cookie"));
  g_assert_null (strstr (answer, "Server:"));
  g_assert_null (strstr (answer, "evil"));
}

static void
check_refusal (Fixture *fixture, gconstpointer data)
{
  const Refusal *row = data;
  g_autofree char *request = print_request (fixture, row->line, row->headers);
  UnitPeer *peer = connect_peer (fixture, "127.0.0.1");
  const char *answer;

  unit_peer_send (peer, request, -1);
  answer = unit_peer_await_end (peer);
  g_assert_true (g_str_has_prefix (answer, row->answer));
  g_assert_cmpint (strstr (answer, "\r\nAllow: GET\r\n") != NULL, ==,
                   g_str_has_prefix (row->line, "POST"));
  assert_page (answer);
  g_assert_cmpuint (fixture->heads->len, ==, 0);
}

/* RFC 9110 section 9.3.2: the headers, and nothing behind them. */
static void
check_head_method (Fixture *fixture, gconstpointer data)
{
  g_autofree char *request = print_request (fixture, "HEAD /callback", "");
  UnitPeer *peer = connect_peer (fixture, "127.0.0.1");
  const char *answer;

  unit_peer_send (peer, request, -1);
  answer = unit_peer_await_end (peer);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 405 "));
  g_assert_true (g_str_has_suffix (answer, "\r\n\r\n"));
}

static void
check_other_host (Fixture *fixture, gconstpointer data)
{
  UnitPeer *peer = connect_peer (fixture, "127.0.0.1");
  const char *answer;

  unit_peer_send (peer, "GET /callback HTTP/1.1\r\nHost: evil.example\r\n\r\n", -1);
  answer = unit_peer_await_end (peer);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 421 Misdirected Request\r\n"));
  assert_page (answer);
}

/* CB-33: exactly as much as the gate reads before it gives up. */
static void
check_endless_head (Fixture *fixture, gconstpointer data)
{
  g_autofree char *filling = unit_repeat ("a", 32768);
  UnitPeer *peer = connect_peer (fixture, "127.0.0.1");
  const char *answer;

  unit_peer_send (peer, filling, -1);
  unit_peer_settle ();
  g_assert_false (unit_peer_has_ended (peer));
  unit_peer_send (peer, "a", 1);
  answer = unit_peer_await_end (peer);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 431 "));
  assert_page (answer);
}

static void
check_long_line (Fixture *fixture, gconstpointer data)
{
  g_autofree char *filling = unit_repeat ("a", 9000);
  g_autofree char *line = g_strconcat ("GET /callback?code=", filling, NULL);
  g_autofree char *request = print_request (fixture, line, "");
  UnitPeer *peer = connect_peer (fixture, "127.0.0.1");

  unit_peer_send (peer, request, -1);
  g_assert_true (g_str_has_prefix (unit_peer_await_end (peer), "HTTP/1.1 414 URI Too Long\r\n"));
}

static void
check_other_protocols (Fixture *fixture, gconstpointer data)
{
  UnitPeer *preface = connect_peer (fixture, "127.0.0.1");
  UnitPeer *hello = connect_peer (fixture, "127.0.0.1");

  unit_peer_send (preface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", -1);
  g_assert_true (g_str_has_prefix (unit_peer_await_end (preface), "HTTP/1.1 400 "));
  unit_peer_send (hello, "\x16\x03\x01\0\r\n\r\n", 8);
  g_assert_true (g_str_has_prefix (unit_peer_await_end (hello), "HTTP/1.1 400 "));
  g_assert_cmpuint (fixture->heads->len, ==, 0);
}

/* Half a request and then the end: no answer, no trace. */
static void
check_half_request (Fixture *fixture, gconstpointer data)
{
  UnitPeer *half = connect_peer (fixture, "127.0.0.1");
  UnitPeer *nothing = connect_peer (fixture, "127.0.0.1");

  unit_peer_send (half, "GET /callback?code=a HTTP/1.1\r\nHost: local", -1);
  unit_peer_shut (half);
  unit_peer_shut (nothing);
  g_assert_cmpstr (unit_peer_await_end (half), ==, "");
  g_assert_cmpstr (unit_peer_await_end (nothing), ==, "");
  g_assert_cmpuint (fixture->heads->len, ==, 0);
}

/* CB-22: who does not come to the end of a request is dismissed; nobody waits for that. */
static void
check_slow (Fixture *fixture, gconstpointer data)
{
  g_autofree char *request = print_request (fixture, "GET /callback?code=a", "");
  UnitPeer *slow = connect_peer (fixture, "127.0.0.1");
  UnitPeer *silent = connect_peer (fixture, "127.0.0.1");
  UnitPeer *good = connect_peer (fixture, "127.0.0.1");

  unit_peer_send (slow, "GET /call", -1);
  unit_peer_send (good, request, -1);
  g_assert_cmpstr (unit_peer_await_end (good), ==, "admitted");
  g_assert_false (unit_peer_has_ended (slow));
  g_assert_false (unit_peer_has_ended (silent));
  g_assert_cmpstr (unit_peer_await_end (slow), ==, "");
  g_assert_cmpstr (unit_peer_await_end (silent), ==, "");
  g_assert_cmpuint (fixture->heads->len, ==, 1);
}

/* CB-35: who has closed before anybody looked is not known, and gets nothing done. */
static void
check_gone (Fixture *fixture, gconstpointer data)
{
  const char *const lines[] = { "GET /callback?code=a", "GET /callback?code=b", "GET /callback" };
  g_autofree char *replay = print_replay (fixture, "GET /callback?code=b");

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autofree char *request = print_request (fixture, lines[i], "");
      g_autoptr (GSocketClient) client = g_socket_client_new ();
      g_autoptr (GSocketAddress) target
          = g_inet_socket_address_new_from_string ("127.0.0.1", ta_gate_get_port (fixture->gate));
      g_autoptr (GSocketConnection) peer = NULL;

      g_socket_client_set_enable_proxy (client, FALSE);
      peer = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (target), NULL, NULL);
      g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (peer)),
                                                request, strlen (request), NULL, NULL, NULL));
      g_assert_true (g_io_stream_close (G_IO_STREAM (peer), NULL, NULL));
    }
  while (fixture->heads->len < 2)
    g_main_context_iteration (NULL, TRUE);
  unit_peer_settle ();
  g_assert_cmpuint (fixture->heads->len, ==, 2);
  g_assert_cmpstr (fixture->heads->pdata[0], ==, replay);
}

/* The oldest makes room, and no other. */
static void
check_crowd (Fixture *fixture, gconstpointer data)
{
  g_autofree char *request = print_request (fixture, "GET /callback?code=a", "");
  UnitPeer *idle[SLOTS];
  UnitPeer *good;

  for (int i = 0; i < SLOTS; i++)
    {
      idle[i] = connect_peer (fixture, "127.0.0.1");
      unit_peer_send (idle[i], "GET ", -1);
      unit_peer_settle ();
    }
  g_assert_false (unit_peer_has_ended (idle[0]));
  good = connect_peer (fixture, "127.0.0.1");
  unit_peer_send (good, request, -1);
  g_assert_cmpstr (unit_peer_await_end (good), ==, "admitted");
  g_assert_cmpstr (unit_peer_await_end (idle[0]), ==, "");
  for (int i = 1; i < SLOTS; i++)
    g_assert_false (unit_peer_has_ended (idle[i]));
}

/* Room is made again by those who leave. */
static void
check_many_in_turn (Fixture *fixture, gconstpointer data)
{
  g_autofree char *request = print_request (fixture, "GET /callback?code=a", "");
  UnitPeer *idle = connect_peer (fixture, "127.0.0.1");

  unit_peer_settle ();
  for (guint i = 0; i < 3 * SLOTS; i++)
    {
      g_autoptr (UnitPeer) peer = unit_peer_new ("::1", ta_gate_get_port (fixture->gate));

      unit_peer_send (peer, i % 2 == 0 ? request : "GET / HTTP/1.1\r\n\r\n", -1);
      unit_peer_await_end (peer);
    }
  g_assert_cmpuint (fixture->heads->len, ==, 3 * SLOTS / 2);
  g_assert_false (unit_peer_has_ended (idle));
}

/* CB-29: nobody can connect, and who has not asked yet is sent away. */
static void
check_close (Fixture *fixture, gconstpointer data)
{
  guint16 port = ta_gate_get_port (fixture->gate);
  UnitPeer *idle = connect_peer (fixture, "127.0.0.1");
  UnitPeer *half = connect_peer (fixture, "::1");

  unit_peer_send (half, "GET /callback", -1);
  unit_peer_settle ();
  ta_gate_close (fixture->gate);
  g_assert_cmpstr (unit_peer_await_end (idle), ==, "");
  g_assert_cmpstr (unit_peer_await_end (half), ==, "");
  g_assert_false (unit_peer_can_connect ("127.0.0.1", port));
  g_assert_false (unit_peer_can_connect ("::1", port));
  g_assert_cmpuint (fixture->heads->len, ==, 0);
}

static TaGate *
open_gate (Fixture *fixture, const char *host, guint16 port, GError **error)
{
  g_autofree char *text = g_strdup_printf ("http://%s:%u/callback", host, port);
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_ENCODED, NULL);

  return ta_gate_new (uri, matters, admit, fixture, error);
}

/* CB-26, CB-27: one family alone will not do, and nothing of the other stays open. */
static void
check_port_taken (Fixture *fixture, gconstpointer data)
{
  const char *const addresses[] = { "127.0.0.1", "::1" };

  for (int i = 0; i < 2; i++)
    {
      guint16 port = 0;
      g_autoptr (GSocket) taken = unit_peer_listen (addresses[i], &port);
      g_autofree char *number = g_strdup_printf ("%u", port);
      g_autoptr (GError) error = NULL;

      g_assert_nonnull (taken);
      g_assert_null (open_gate (fixture, "localhost", port, &error));
      unit_assert_error (error, TA_ERROR, TA_ERROR_PORT_UNAVAILABLE);
      g_assert_nonnull (strstr (error->message, number));
      g_assert_nonnull (strstr (error->message, addresses[i]));
      g_assert_false (unit_peer_can_connect (addresses[1 - i], port));
    }
}

static void
check_port_of_other_gate (Fixture *fixture, gconstpointer data)
{
  guint16 port = ta_gate_get_port (fixture->gate);
  g_autoptr (TaGate) again = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (open_gate (fixture, "localhost", port, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_PORT_UNAVAILABLE);
  g_assert_null (open_gate (fixture, "127.0.0.1", port, NULL));
  ta_gate_close (fixture->gate);
  g_clear_error (&error);
  again = open_gate (fixture, "localhost", port, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ta_gate_get_port (again), ==, port);
}

/* A literal address means itself alone. */
static void
check_literal (Fixture *fixture, gconstpointer data)
{
  g_autoptr (TaGate) ipv4 = open_gate (fixture, "127.0.0.1", 0, NULL);
  g_autoptr (TaGate) ipv6 = open_gate (fixture, "[::1]", 0, NULL);

  g_assert_true (unit_peer_can_connect ("127.0.0.1", ta_gate_get_port (ipv4)));
  g_assert_false (unit_peer_can_connect ("::1", ta_gate_get_port (ipv4)));
  g_assert_true (unit_peer_can_connect ("::1", ta_gate_get_port (ipv6)));
  g_assert_false (unit_peer_can_connect ("127.0.0.1", ta_gate_get_port (ipv6)));
  g_assert_cmpuint (ta_gate_get_port (ipv4), !=, ta_gate_get_port (fixture->gate));
  unit_peer_settle ();
}

/* CB-25: from this computer only. */
static void
check_loopback_only (Fixture *fixture, gconstpointer data)
{
  guint16 port = ta_gate_get_port (fixture->gate);

  g_assert_true (unit_peer_can_connect ("127.0.0.1", port));
  g_assert_false (unit_peer_can_connect ("127.0.0.2", port));
  unit_peer_settle ();
}

static void
add (const char *path, gconstpointer row, void (*check) (Fixture *fixture, gconstpointer user_data))
{
  g_test_add (path, Fixture, row, set_up, check, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/gate/UN-GA-01-families", NULL, check_families);
  add ("/gate/UN-GA-02-single-bytes", NULL, check_single_bytes);
  add ("/gate/UN-GA-03-second-request", NULL, check_second_request);
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *path = g_strconcat ("/gate/UN-GA-04-refusal/", refusals[i].id, NULL);

      add (path, &refusals[i], check_refusal);
    }
  add ("/gate/UN-GA-05-other-host", NULL, check_other_host);
  add ("/gate/UN-GA-06-endless-head", NULL, check_endless_head);
  add ("/gate/UN-GA-07-long-line", NULL, check_long_line);
  add ("/gate/UN-GA-08-other-protocols", NULL, check_other_protocols);
  add ("/gate/UN-GA-09-half-request", NULL, check_half_request);
  add ("/gate/UN-GA-10-slow", NULL, check_slow);
  add ("/gate/UN-GA-11-crowd", NULL, check_crowd);
  add ("/gate/UN-GA-12-many-in-turn", NULL, check_many_in_turn);
  add ("/gate/UN-GA-13-close", NULL, check_close);
  add ("/gate/UN-GA-14-port-taken", NULL, check_port_taken);
  add ("/gate/UN-GA-15-port-of-other-gate", NULL, check_port_of_other_gate);
  add ("/gate/UN-GA-16-literal", NULL, check_literal);
  add ("/gate/UN-GA-17-loopback-only", NULL, check_loopback_only);
  add ("/gate/UN-GA-18-gone", NULL, check_gone);
  add ("/gate/UN-GA-19-head", NULL, check_head_method);
  return g_test_run ();
}

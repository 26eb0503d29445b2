/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "io/ta-exchange.h"
#include "io/ta-http.h"

#include "unit-peer.h"

#include <libsoup/soup.h>

/* Two servers: a SoupServer for what a good one does, and a bare socket that sends given bytes for
 * what a bad one does. */

#define LIMIT 1000

typedef struct
{
  TaHttp *http;         /* (owned) */
  SoupServer *server;   /* (owned) */
  GSocketService *bare; /* (owned) */
  guint16 port;
  guint16 bare_port;
  GBytes *bytes;             /* (owned) (nullable): what the bare one sends */
  gboolean stays_open;       /* the bare one, behind its bytes */
  GPtrArray *connections;    /* (owned): open ones of the bare one */
  GPtrArray *paths;          /* (owned) (element-type utf8): what the other was asked for */
  SoupMessageHeaders *asked; /* (owned) (nullable): the last request's headers */
  char *method;              /* (owned) (nullable) */
  GBytes *body;              /* (owned) (nullable) */
  TaHttpResponse *response;  /* (owned) (nullable) */
  GError *error;             /* (owned) (nullable) */
  gboolean was_sent;
  gboolean done;
} Fixture;

static void
copy_header (const char *name, const char *value, gpointer user_data)
{
  soup_message_headers_append (user_data, name, value);
}

static void
remember (Fixture *fixture, SoupServerMessage *message, const char *path)
{
  g_ptr_array_add (fixture->paths, g_strdup (path));
  g_clear_pointer (&fixture->asked, soup_message_headers_unref);
  fixture->asked = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  soup_message_headers_foreach (soup_server_message_get_request_headers (message), copy_header,
                                fixture->asked);
  g_free (fixture->method);
  fixture->method = g_strdup (soup_server_message_get_method (message));
  g_clear_pointer (&fixture->body, g_bytes_unref);
  fixture->body = soup_message_body_flatten (soup_server_message_get_request_body (message));
}

/* /status/N answers with that status, /size/N with so many bytes, /chunked in chunks. */
static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
            gpointer user_data)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  guint number = (guint) g_ascii_strtoull (strrchr (path, '/') + 1, NULL, 10);
  g_autofree char *filling = NULL;

  remember (user_data, message, path);
  soup_message_headers_append (headers, "Set-Cookie", "session=1; Path=/");
  if (g_str_has_prefix (path, "/status/"))
    {
      soup_message_headers_append (headers, "Location", "/elsewhere/1");
      soup_message_headers_append (headers, "WWW-Authenticate", "Basic realm=\"a\"");
      soup_server_message_set_status (message, number, NULL);
      if (number == 204 || number == 304)
        return;
      soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_STATIC, "text", 4);
      return;
    }
  if (g_str_has_prefix (path, "/chunked"))
    soup_message_headers_set_encoding (headers, SOUP_ENCODING_CHUNKED);
  filling = unit_repeat ("a", number);
  soup_server_message_set_status (message, 200, NULL);
  soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_COPY, filling, number);
  soup_message_body_complete (soup_server_message_get_response_body (message));
}

/* Sends before it is asked: the kernel keeps it until then. */
static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source,
             gpointer user_data)
{
  Fixture *fixture = user_data;
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (connection));

  if (fixture->bytes != NULL)
    g_assert_true (g_output_stream_write_all (output, g_bytes_get_data (fixture->bytes, NULL),
                                              g_bytes_get_size (fixture->bytes), NULL, NULL, NULL));
  if (!fixture->stays_open)
    g_socket_shutdown (g_socket_connection_get_socket (connection), FALSE, TRUE, NULL);
  g_ptr_array_add (fixture->connections, g_object_ref (connection));
  return TRUE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocket) socket = unit_peer_listen ("127.0.0.1", &fixture->port);
  g_autoptr (GSocket) bare = unit_peer_listen ("127.0.0.1", &fixture->bare_port);

  fixture->http = ta_http_new (4);
  fixture->paths = g_ptr_array_new_with_free_func (g_free);
  fixture->connections = g_ptr_array_new_with_free_func (g_object_unref);
  fixture->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (fixture->server, NULL, on_request, fixture, NULL);
  g_assert_true (soup_server_listen_socket (fixture->server, socket, 0, NULL));
  fixture->bare = g_socket_service_new ();
  g_assert_true (
      g_socket_listener_add_socket (G_SOCKET_LISTENER (fixture->bare), bare, NULL, NULL));
  g_signal_connect (fixture->bare, "incoming", G_CALLBACK (on_incoming), fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->http);
  unit_peer_settle ();
  g_socket_service_stop (fixture->bare);
  g_socket_listener_close (G_SOCKET_LISTENER (fixture->bare));
  g_object_unref (fixture->bare);
  soup_server_disconnect (fixture->server);
  g_object_unref (fixture->server);
  g_ptr_array_unref (fixture->connections);
  unit_peer_settle ();
  g_ptr_array_unref (fixture->paths);
  g_clear_pointer (&fixture->asked, soup_message_headers_unref);
  g_clear_pointer (&fixture->bytes, g_bytes_unref);
  g_clear_pointer (&fixture->body, g_bytes_unref);
  g_clear_pointer (&fixture->response, ta_http_response_free);
  g_clear_error (&fixture->error);
  g_free (fixture->method);
}

static void
send_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->response = ta_http_send_finish (TA_HTTP (source), result, &fixture->error);
  fixture->was_sent = ta_http_was_sent (result);
  fixture->done = TRUE;
}

static void
start (Fixture *fixture, const TaHttpRequest *request, GCancellable *cancellable)
{
  g_clear_pointer (&fixture->response, ta_http_response_free);
  g_clear_error (&fixture->error);
  fixture->done = FALSE;
  ta_http_send_async (fixture->http, request, cancellable, send_cb, fixture);
}

static void
await (Fixture *fixture)
{
  while (!fixture->done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true ((fixture->response != NULL) != (fixture->error != NULL));
}

static void
send (Fixture *fixture, const char *method, guint16 port, const char *path)
{
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u%s", port, path);
  TaHttpRequest request = {
    .method = method, .uri = uri, .accept = "application/json", .max_length = LIMIT, .timeout = 20
  };

  start (fixture, &request, NULL);
  await (fixture);
}

/* Lets the bare server send the text and asks it. */
static void
send_bare (Fixture *fixture, const char *text)
{
  g_clear_pointer (&fixture->bytes, g_bytes_unref);
  fixture->bytes = g_bytes_new (text, strlen (text));
  send (fixture, "GET", fixture->bare_port, "/");
}

/* CA-03, CA-10, CA-11: every status is a result; none is followed or answered. */
static void
check_status (Fixture *fixture, gconstpointer data)
{
  const guint statuses[] = { 200, 201, 204, 301, 302, 303, 304, 307, 308,
                             400, 401, 403, 404, 407, 418, 429, 500, 503 };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autofree char *path = g_strdup_printf ("/status/%u", statuses[i]);
      gboolean is_empty = statuses[i] == 204 || statuses[i] == 304;

      send (fixture, i % 2 == 0 ? "GET" : "POST", fixture->port, path);
      g_assert_no_error (fixture->error);
      g_assert_cmpuint (fixture->response->status, ==, statuses[i]);
      g_assert_cmpuint (fixture->response->body->len, ==, is_empty ? 0 : 4);
      g_assert_true (fixture->response->complete);
      g_assert_true (fixture->was_sent);
      g_assert_cmpstr (g_hash_table_lookup (fixture->response->headers, "location"), ==,
                       "/elsewhere/1");
      g_assert_cmpuint (fixture->paths->len, ==, i + 1);
      g_assert_cmpstr (fixture->paths->pdata[i], ==, path);
      g_assert_null (soup_message_headers_get_one (fixture->asked, "Authorization"));
      g_assert_null (soup_message_headers_get_one (fixture->asked, "Cookie"));
    }
}

static void
check_request (Fixture *fixture, gconstpointer data)
{
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u/size/3?a=%%2F&b=c", fixture->port);
  g_autoptr (TaSecret) authorization = ta_secret_new ("Bearer abc");
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GBytes) body = g_bytes_new_static ("{\"a\":1}", 7);
  TaHttpRequest request = { .method = "PATCH",
                            .uri = uri,
                            .accept = "application/json",
                            .authorization = authorization,
                            .headers = headers,
                            .content_type = "application/json; charset=utf-8",
                            .body = body,
                            .max_length = LIMIT,
                            .timeout = 20 };

  g_hash_table_insert (headers, (char *) "if-match", (char *) "\"x\"");
  start (fixture, &request, NULL);
  await (fixture);
  g_assert_no_error (fixture->error);
  g_assert_cmpstr (fixture->method, ==, "PATCH");
  g_assert_cmpstr (soup_message_headers_get_one (fixture->asked, "Accept"), ==, "application/json");
  g_assert_cmpstr (soup_message_headers_get_list (fixture->asked, "Authorization"), ==,
                   "Bearer abc");
  g_assert_cmpstr (soup_message_headers_get_one (fixture->asked, "If-Match"), ==, "\"x\"");
  g_assert_cmpstr (soup_message_headers_get_one (fixture->asked, "Content-Type"), ==,
                   "application/json; charset=utf-8");
  g_assert_cmpstr (soup_message_headers_get_one (fixture->asked, "User-Agent"), ==, "tidio-auth");
  g_assert_null (soup_message_headers_get_one (fixture->asked, "Accept-Encoding"));
  g_assert_true (g_bytes_equal (fixture->body, body));
  g_assert_cmpuint (fixture->response->body->len, ==, 3);
}

/* A header of the caller takes the place of ours. */
static void
check_accept_of_caller (Fixture *fixture, gconstpointer data)
{
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u/size/1", fixture->port);
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  TaHttpRequest request = { .method = "GET",
                            .uri = uri,
                            .accept = "application/json",
                            .headers = headers,
                            .max_length = LIMIT,
                            .timeout = 20 };

  g_hash_table_insert (headers, (char *) "accept", (char *) "text/csv");
  start (fixture, &request, NULL);
  await (fixture);
  g_assert_no_error (fixture->error);
  g_assert_cmpstr (soup_message_headers_get_list (fixture->asked, "Accept"), ==, "text/csv");
}

static void
check_size (Fixture *fixture, gconstpointer data)
{
  send (fixture, "GET", fixture->port, "/size/1000");
  g_assert_no_error (fixture->error);
  g_assert_cmpuint (fixture->response->body->len, ==, LIMIT);
  g_assert_true (fixture->response->complete);
  send (fixture, "GET", fixture->port, "/size/1001");
  unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_RESPONSE_TOO_LARGE);
  send (fixture, "GET", fixture->port, "/chunked/1001");
  unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_RESPONSE_TOO_LARGE);
  send (fixture, "GET", fixture->port, "/size/3000000");
  unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_RESPONSE_TOO_LARGE);
  send (fixture, "GET", fixture->port, "/size/0");
  g_assert_no_error (fixture->error);
  g_assert_cmpuint (fixture->response->body->len, ==, 0);
  g_assert_true (fixture->response->complete);
}

/* The last chunk came, and the connection stands. */
static void
check_chunked (Fixture *fixture, gconstpointer data)
{
  send (fixture, "GET", fixture->port, "/chunked/10");
  g_assert_no_error (fixture->error);
  g_assert_cmpuint (fixture->response->body->len, ==, 10);
  g_assert_true (fixture->response->complete);
  send (fixture, "GET", fixture->port, "/chunked/0");
  g_assert_no_error (fixture->error);
  g_assert_true (fixture->response->complete);
}

/* What cannot be told apart from a body that breaks off, though it does not. */
static void
check_chunked_and_closed (Fixture *fixture, gconstpointer data)
{
  send_bare (fixture, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                      "1\r\na\r\n0\r\n\r\n");
  g_assert_no_error (fixture->error);
  g_assert_cmpuint (fixture->response->body->len, ==, 1);
  g_assert_false (fixture->response->complete);
}

typedef struct
{
  const char *id;
  const char *method;
  const char *uri; /* below the server */
  const char *accept;
  const char *content_type;
  const char *authorization;
  const char *name; /* of a header */
  const char *value;
} Unsendable;

static const Unsendable unsendable[] = {
  { .id = "method", .method = "GET / HTTP/1.1\r\nX: y\r\n\r\nGET" },
  { .id = "method-space", .method = "GET /" },
  { .id = "method-empty", .method = "" },
  { .id = "path", .uri = "a HTTP/1.1\r\nX: y" },
  { .id = "path-line-end", .uri = "a\nb" },
  { .id = "query", .uri = "a?b=c\r\nX: y" },
  { .id = "content-type", .content_type = "text/plain\r\nX: y" },
  { .id = "content-type-line-end", .content_type = "text/plain\n" },
  { .id = "accept", .accept = "a/b\r\nX: y" },
  { .id = "authorization", .authorization = "Bearer a\r\nX: y" },
  { .id = "authorization-delete", .authorization = "Bearer a\x7f" },
  { .id = "header-value", .name = "if-match", .value = "a\r\nX: y" },
  { .id = "header-name", .name = "x\r\ny", .value = "a" },
  { .id = "header-name-colon", .name = "x: y\nz", .value = "a" },
};

/* libsoup would write most of it as it is. */
static void
check_unsendable (Fixture *fixture, gconstpointer data)
{
  const Unsendable *row = data;
  g_autofree char *uri
      = g_strdup_printf ("http://127.0.0.1:%u/%s", fixture->port, row->uri != NULL ? row->uri : "");
  g_autoptr (TaSecret) authorization
      = row->authorization == NULL ? NULL : ta_secret_new (row->authorization);
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GBytes) body = g_bytes_new_static ("a", 1);
  TaHttpRequest request
      = { .method = row->method != NULL ? row->method : "POST",
          .uri = uri,
          .accept = row->accept != NULL ? row->accept : "*/*",
          .authorization = authorization,
          .headers = headers,
          .content_type = row->content_type != NULL ? row->content_type : "text/plain",
          .body = body,
          .max_length = LIMIT,
          .timeout = 20 };

  if (row->name != NULL)
    g_hash_table_insert (headers, (char *) row->name, (char *) row->value);
  start (fixture, &request, NULL);
  await (fixture);
  unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_FAILED);
  g_assert_false (fixture->was_sent);
  g_assert_cmpuint (fixture->paths->len, ==, 0);
}

static void
check_head (Fixture *fixture, gconstpointer data)
{
  send (fixture, "HEAD", fixture->port, "/size/500");
  g_assert_no_error (fixture->error);
  g_assert_cmpstr (fixture->method, ==, "HEAD");
  g_assert_cmpuint (fixture->response->body->len, ==, 0);
  g_assert_true (fixture->response->complete);
}

/* A head has its limit too. */
static void
check_head_too_large (Fixture *fixture, gconstpointer data)
{
  g_autofree char *filling = unit_repeat ("a", GPOINTER_TO_UINT (data));
  g_autofree char *text
      = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Long: %s\r\n\r\n", filling);

  send_bare (fixture, text);
  unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
}

typedef struct
{
  const char *id;
  const char *text;
} Cut;

static const Cut cuts[] = {
  { "CA-13-length", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":1}" },
  { "CA-13-length-empty", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" },
  { "CA-13-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{\"a\":1}" },
  { "CA-13-chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n" },
  { "CA-13-no-length", "HTTP/1.1 200 OK\r\n\r\n{\"a\":1}" },
  { "CA-13-both",
    "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}" },
};

/* It may be an error or a result, but never a complete one. */
static void
check_cut (Fixture *fixture, gconstpointer data)
{
  const Cut *row = data;

  send_bare (fixture, row->text);
  if (fixture->response != NULL)
    g_assert_false (fixture->response->complete);
  else
    unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_NETWORK);
}

static const Cut no_http[] = {
  { "nothing", "" },
  { "text", "hello\r\n\r\n" },
  { "half-head", "HTTP/1.1 200 OK\r\nContent-" },
  { "tls-alert", "\x15\x03\x03\x01\x02\x02\x28" },
};

static void
check_no_http (Fixture *fixture, gconstpointer data)
{
  const Cut *row = data;

  send_bare (fixture, row->text);
  unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_NETWORK);
}

static void
check_compressed (Fixture *fixture, gconstpointer data)
{
  const char *const encodings[] = { "gzip", "GZIP", "deflate", "br", "identity, gzip" };

  for (gsize i = 0; i < G_N_ELEMENTS (encodings); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Encoding: %s\r\n\r\n\x1f\x8b\x08",
          encodings[i]);

      send_bare (fixture, text);
      unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
    }
  send_bare (fixture,
             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Encoding: Identity\r\n\r\na");
  g_assert_no_error (fixture->error);
  g_assert_cmpuint (fixture->response->body->len, ==, 1);
}

/* RFC 9112 section 6.3: neither is to be believed. */
static void
check_two_lengths (Fixture *fixture, gconstpointer data)
{
  send_bare (fixture, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n{}{}");
  unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
}

static void
check_headers (Fixture *fixture, gconstpointer data)
{
  GHashTable *headers;

  send_bare (fixture, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Good: \xc3\xa9\r\n"
                      "LINK: <a>\r\nLink: <b>\r\nX-Empty:\r\n\r\n");
  g_assert_no_error (fixture->error);
  headers = fixture->response->headers;
  g_assert_cmpstr (g_hash_table_lookup (headers, "x-good"), ==, "\xc3\xa9");
  g_assert_cmpstr (g_hash_table_lookup (headers, "link"), ==, "<a>, <b>");
  g_assert_cmpstr (g_hash_table_lookup (headers, "x-empty"), ==, "");
  g_assert_null (g_hash_table_lookup (headers, "LINK"));
}

/* Names and values go over the bus, which takes UTF-8 alone: the rest is replaced or left out. */
static void
check_header_bytes (Fixture *fixture, gconstpointer data)
{
  GHashTableIter iter;
  gpointer name, value;

  send_bare (fixture, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-RateLimit-\xff: 1\r\n"
                      "ETag: \xff\r\nX-\xc3: \xc3\r\n\r\n");
  if (fixture->error != NULL)
    return;
  g_hash_table_iter_init (&iter, fixture->response->headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      g_assert_true (g_utf8_validate (name, -1, NULL));
      g_assert_true (g_utf8_validate (value, -1, NULL));
    }
}

/* Before the head and in the middle of the body. */
static void
check_timeout (Fixture *fixture, gconstpointer data)
{
  const char *const texts[] = { "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na" };
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u/", fixture->bare_port);
  TaHttpRequest request
      = { .method = "GET", .uri = uri, .accept = "*/*", .max_length = LIMIT, .timeout = 1 };

  fixture->stays_open = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_clear_pointer (&fixture->bytes, g_bytes_unref);
      fixture->bytes = g_bytes_new_static (texts[i], strlen (texts[i]));
      start (fixture, &request, NULL);
      await (fixture);
      unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_TIMEOUT);
      g_assert_true (fixture->was_sent);
    }
}

static void
check_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u/", fixture->bare_port);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  TaHttpRequest request
      = { .method = "GET", .uri = uri, .accept = "*/*", .max_length = LIMIT, .timeout = 600 };

  fixture->stays_open = TRUE;
  start (fixture, &request, cancellable);
  while (fixture->connections->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_cancellable_cancel (cancellable);
  await (fixture);
  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  start (fixture, &request, cancellable);
  await (fixture);
  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (fixture->was_sent);
}

static void
check_refused_connection (Fixture *fixture, gconstpointer data)
{
  guint16 port = 0;
  GSocket *socket = unit_peer_listen ("127.0.0.1", &port);

  g_object_unref (socket);
  send (fixture, "GET", port, "/");
  unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_NETWORK);
  g_assert_nonnull (strstr (fixture->error->message, "127.0.0.1"));
  g_assert_false (fixture->was_sent);
}

/* CA-15: a request that may have arrived is not sent again. */
static void
check_no_retry (Fixture *fixture, gconstpointer data)
{
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u/", fixture->bare_port);
  g_autoptr (GBytes) body = g_bytes_new_static ("a", 1);
  TaHttpRequest request = { .method = "POST",
                            .uri = uri,
                            .accept = "*/*",
                            .content_type = "text/plain",
                            .body = body,
                            .max_length = LIMIT,
                            .timeout = 20 };

  start (fixture, &request, NULL);
  await (fixture);
  unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_NETWORK);
  g_assert_true (fixture->was_sent);
  g_assert_cmpuint (fixture->connections->len, ==, 1);
}

/* A message names the host, and neither path nor query. */
static void
check_message (Fixture *fixture, gconstpointer data)
{
  fixture->stays_open = FALSE;
  send (fixture, "GET", fixture->bare_port, "/CANARY?token=CANARY");
  unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_NETWORK);
  g_assert_null (strstr (fixture->error->message, "CANARY"));
}

/* A service that is asked for proxies may send that error: nobody here gave up. */
static void
check_given_up_elsewhere (Fixture *fixture, gconstpointer data)
{
  const TaHttpRequest request = { .method = "GET", .timeout = 10 };
  gsize *held = g_rc_box_new0 (gsize);
  TaExchange *exchange
      = ta_exchange_new (soup_message_new ("GET", "http://127.0.0.1/"), NULL, &request, NULL, held);
  g_autoptr (GError) sent = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Over");
  g_autoptr (GError) before = ta_exchange_translate (exchange, sent);
  g_autoptr (GError) after = NULL;

  unit_assert_error (before, TA_ERROR, TA_ERROR_NETWORK);
  g_cancellable_cancel (ta_deadline_get_cancellable (exchange->deadline));
  after = ta_exchange_translate (exchange, sent);
  g_assert_error (after, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  ta_exchange_free (exchange);
  g_rc_box_release (held);
}

static void
add (const char *path, gconstpointer row, void (*check) (Fixture *fixture, gconstpointer user_data))
{
  g_test_add (path, Fixture, row, set_up, check, tear_down);
}

static void
add_cuts (const char *group, const Cut *rows, gsize count,
          void (*check) (Fixture *fixture, gconstpointer user_data))
{
  for (gsize i = 0; i < count; i++)
    {
      g_autofree char *path = g_strconcat (group, "/", rows[i].id, NULL);

      add (path, &rows[i], check);
    }
}

int
main (int argc, char **argv)
{
  /* No configuration of whoever runs this. */
  g_setenv ("XDG_CONFIG_HOME", "/dev/null", TRUE);
  g_setenv ("XDG_CONFIG_DIRS", "/dev/null", TRUE);
  g_test_init (&argc, &argv, NULL);
  add ("/http/UN-HT-01-status", NULL, check_status);
  add ("/http/UN-HT-02-request", NULL, check_request);
  add ("/http/UN-HT-03-accept-of-caller", NULL, check_accept_of_caller);
  add ("/http/UN-HT-04-size", NULL, check_size);
  add ("/http/UN-HT-05-chunked", NULL, check_chunked);
  add ("/http/UN-HT-06-head", NULL, check_head);
  add_cuts ("/http/UN-HT-07-cut", cuts, G_N_ELEMENTS (cuts), check_cut);
  add_cuts ("/http/UN-HT-08-no-http", no_http, G_N_ELEMENTS (no_http), check_no_http);
  add ("/http/UN-HT-09-compressed", NULL, check_compressed);
  add ("/http/UN-HT-10-headers", NULL, check_headers);
  add ("/http/UN-HT-11-header-bytes", NULL, check_header_bytes);
  add ("/http/UN-HT-12-timeout", NULL, check_timeout);
  add ("/http/UN-HT-13-cancelled", NULL, check_cancelled);
  add ("/http/UN-HT-14-refused-connection", NULL, check_refused_connection);
  add ("/http/UN-HT-15-no-retry", NULL, check_no_retry);
  add ("/http/UN-HT-16-message", NULL, check_message);
  add ("/http/UN-HT-17-two-lengths", NULL, check_two_lengths);
  add ("/http/UN-HT-18-chunked-and-closed", NULL, check_chunked_and_closed);
  for (gsize i = 0; i < G_N_ELEMENTS (unsendable); i++)
    {
      g_autofree char *path = g_strconcat ("/http/UN-HT-19-unsendable/", unsendable[i].id, NULL);

      add (path, &unsendable[i], check_unsendable);
    }
  add ("/http/UN-HT-20-head-too-large/65k", GUINT_TO_POINTER (65 * 1024), check_head_too_large);
  add ("/http/UN-HT-20-head-too-large/300k", GUINT_TO_POINTER (300 * 1024), check_head_too_large);
  add ("/http/UN-HT-21-given-up-elsewhere", NULL, check_given_up_elsewhere);
  return g_test_run ();
}

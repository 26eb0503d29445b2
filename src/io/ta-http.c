/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-http.h"

#include "base/ta-error.h"
#include "io/ta-exchange.h"
#include "io/ta-trust.h"
#include "oauth/ta-endpoint.h"

/* libsoup as a mover of bytes: every optional feature is off. No redirects (libsoup would carry
 * headers along), no authentication manager (it answers challenges by itself), no content decoder
 * (a small answer may unpack to any size), no cookies, no second attempt at what may have been
 * done; HTTP/1.1 only is set by the environment in main(). A body is read in large steps up to a
 * limit, and one deadline covers all of it. */

#define READ_SIZE_MIN (8 * 1024)
#define READ_SIZE_MAX (256 * 1024)
#define IDLE_TIMEOUT 30
/* Of all bodies together that are being read: each takes up to twice its length. */
#define HELD_MAX ((gsize) 128 * 1024 * 1024)

/* But so much of each is taken: a call that was made should not have to be made again. */
#define FREE_MAX ((gsize) 256 * 1024)
/* In all: as many as there are places for calls and streams together. */
#define CONNECTIONS 128

/* What was checked is what is sent. */
G_STATIC_ASSERT (TA_ENDPOINT_URI_FLAGS == SOUP_HTTP_URI_FLAGS);

struct _TaHttp
{
  GObject parent_instance;

  SoupSession *session;  /* (owned) */
  SoupSession *loopback; /* (owned): the same without a proxy */
  TaTrustStore *trust;   /* (owned) */
  gsize *held;           /* (owned): a g_rc_box: bytes of the bodies that are being read */
};

G_DEFINE_FINAL_TYPE (TaHttp, ta_http, G_TYPE_OBJECT)

static SoupSession *
create_session (guint connections_per_host)
{
  SoupSession *session = soup_session_new_with_options (
      "idle-timeout", IDLE_TIMEOUT, "max-conns", CONNECTIONS, "max-conns-per-host",
      connections_per_host, "user-agent", "tidio-auth", NULL);

  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  return session;
}

static void
ta_http_init (TaHttp *self)
{
}

static void
ta_http_dispose (GObject *object)
{
  TaHttp *self = TA_HTTP (object);

  g_clear_object (&self->session);
  g_clear_object (&self->loopback);
  g_clear_pointer (&self->trust, ta_trust_store_free);
  g_clear_pointer (&self->held, g_rc_box_release);
  G_OBJECT_CLASS (ta_http_parent_class)->dispose (object);
}

static void
ta_http_class_init (TaHttpClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ta_http_dispose;
}

TaHttp *
ta_http_new (guint connections_per_host)
{
  TaHttp *self = g_object_new (TA_TYPE_HTTP, NULL);

  self->session = create_session (connections_per_host);
  self->loopback = create_session (connections_per_host);
  soup_session_set_proxy_resolver (self->loopback, NULL);
  self->trust = ta_trust_store_new ();
  self->held = g_rc_box_new0 (gsize);
  return self;
}

static void read_cb (GObject *source, GAsyncResult *result, gpointer user_data);

/* As much at a time as came before, so that a short answer does not take and give back large blocks
 * at the end of the heap: three times for each call, as strace showed. Takes the task. */
static void
read_on (GInputStream *stream, GTask *task)
{
  TaExchange *exchange = g_task_get_task_data (task);
  gsize size = CLAMP (exchange->response->body->len, READ_SIZE_MIN, READ_SIZE_MAX);

  g_input_stream_read_bytes_async (stream, size, G_PRIORITY_DEFAULT,
                                   ta_deadline_get_cancellable (exchange->deadline), read_cb, task);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GInputStream *stream = G_INPUT_STREAM (source);
  g_autoptr (GTask) task = user_data;
  TaExchange *exchange = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (stream, result, &error);
  GByteArray *body = exchange->response->body;

  if (bytes == NULL)
    g_task_return_error (task, ta_exchange_translate (exchange, error));
  else if (g_bytes_get_size (bytes) == 0)
    {
      ta_http_response_end (exchange->response, exchange->message, stream);
      g_task_return_pointer (task, g_steal_pointer (&exchange->response),
                             (GDestroyNotify) ta_http_response_free);
    }
  else if (body->len + g_bytes_get_size (bytes) > exchange->max_length)
    g_task_return_new_error (task, TA_ERROR, TA_ERROR_RESPONSE_TOO_LARGE,
                             "The response is larger than %" G_GSIZE_FORMAT " bytes: ask for less",
                             exchange->max_length);
  else if (body->len + g_bytes_get_size (bytes) > FREE_MAX
           && *exchange->held + g_bytes_get_size (bytes) > HELD_MAX)
    g_task_return_new_error (
        task, TA_ERROR, TA_ERROR_BUSY,
        "The answers to all calls together are too large: call again when some "
        "of them are there, or with OpenApi");
  else
    {
      ta_exchange_hold (exchange, g_bytes_get_size (bytes));
      ta_http_response_append (exchange->response, bytes);
      read_on (stream, g_steal_pointer (&task));
    }
}

static void
send_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TaExchange *exchange = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream
      = soup_session_send_finish (SOUP_SESSION (source), result, &error);

  if (stream == NULL)
    {
      g_task_return_error (task, ta_exchange_translate (exchange, error));
      return;
    }
  /* libsoup takes the answer of a proxy that makes no way for that of the server. */
  if (!exchange->was_sent)
    {
      g_task_return_new_error (task, TA_ERROR, TA_ERROR_NETWORK,
                               "The proxy does not let this computer through to %.100s (HTTP %u): "
                               "check the proxy settings",
                               g_uri_get_host (soup_message_get_uri (exchange->message)),
                               soup_message_get_status (exchange->message));
      return;
    }
  exchange->response = ta_http_response_new (exchange->message, &error);
  if (exchange->response == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (exchange->streams)
    {
      exchange->response->stream = g_steal_pointer (&stream);
      g_task_return_pointer (task, g_steal_pointer (&exchange->response),
                             (GDestroyNotify) ta_http_response_free);
      return;
    }
  read_on (stream, g_steal_pointer (&task));
}

/* Whether anything can be sent at all. Errors: those of ta_trust_load(). */
gboolean
ta_http_can_send (TaHttp *self, GError **error)
{
  g_autoptr (GTlsDatabase) additional = NULL;

  return ta_trust_load (self->trust, &additional, error);
}

/* Sends one request and reads its whole response, or its head only if the request says so. Whatever
 * the HTTP status is, it is a result. Errors: TA_ERROR_NETWORK, TA_ERROR_TIMEOUT, TA_ERROR_TLS,
 * TA_ERROR_INVALID_RESPONSE, TA_ERROR_RESPONSE_TOO_LARGE, TA_ERROR_BUSY, G_IO_ERROR_CANCELLED;
 * those of ta_trust_load() and ta_http_request_create_message(). */
void
ta_http_send_async (TaHttp *self, const TaHttpRequest *request, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GTlsDatabase) additional = NULL;
  GError *error = NULL;
  TaExchange *exchange;
  gboolean is_local;

  g_task_set_source_tag (task, ta_http_send_async);
  g_task_set_check_cancellable (task, FALSE);
  if (ta_trust_load (self->trust, &additional, &error))
    message = ta_http_request_create_message (request, &error);
  if (message == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  is_local = ta_endpoint_is_loopback (g_uri_get_host (soup_message_get_uri (message)));
  exchange = ta_exchange_new (g_steal_pointer (&message), g_steal_pointer (&additional), request,
                              cancellable, self->held);
  g_task_set_task_data (task, exchange, (GDestroyNotify) ta_exchange_free);
  soup_session_send_async (is_local ? self->loopback : self->session, exchange->message,
                           G_PRIORITY_DEFAULT, ta_deadline_get_cancellable (exchange->deadline),
                           send_cb, g_steal_pointer (&task));
}

TaHttpResponse *
ta_http_send_finish (TaHttp *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Whether the server may have seen the request, though no response came. */
gboolean
ta_http_was_sent (GAsyncResult *result)
{
  const TaExchange *exchange = g_task_get_task_data (G_TASK (result));

  return exchange != NULL && exchange->was_sent;
}

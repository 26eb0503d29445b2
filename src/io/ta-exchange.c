/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-exchange.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"
#include "io/ta-trust.h"

/* What is watched over while libsoup sends a request and reads the response: how long the parts of
 * it take, which TLS is spoken, whom a certificate is from, how often a server answers without
 * answering, and that nothing is sent twice. And what libsoup's errors mean. */

#define CONNECT_TIMEOUT 10
#define INFORMATIONAL_MAX 10

/* The only place where libsoup's and GIO's errors become ours. */
GError *
ta_exchange_translate (const TaExchange *self, const GError *error)
{
  const char *host = g_uri_get_host (soup_message_get_uri (self->message));

  if (ta_deadline_has_expired (self->deadline)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return g_error_new (TA_ERROR, TA_ERROR_TIMEOUT, "%.100s did not answer in time: try again",
                        host);
  if (self->weak_tls)
    return g_error_new (
        TA_ERROR, TA_ERROR_TLS,
        "%.100s offers only TLS older than 1.2, which is not safe: tell its operator", host);
  if (self->n_informational > INFORMATIONAL_MAX || ta_http_response_has_long_head (self->message))
    return g_error_new (TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                        "%.100s sends an answer whose head does not end: tell its operator", host);
  /* Whoever tells of proxies may say that too. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && !self->is_lost
      && g_cancellable_is_cancelled (ta_deadline_get_cancellable (self->deadline)))
    return g_error_copy (error);
  if (self->has_upload && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
    return g_error_new_literal (TA_ERROR, TA_ERROR_FAILED,
                                "The file with the body became shorter while it was sent: send it "
                                "again when nobody writes to it");
  if (error->domain == G_TLS_ERROR)
    return g_error_new (TA_ERROR, TA_ERROR_TLS,
                        "%.100s has no certificate this computer trusts: check the network and "
                        "the clock",
                        host);
  return g_error_new (TA_ERROR, TA_ERROR_NETWORK,
                      "%.100s cannot be reached: check the network and try again", host);
}

/* A connection is given less time than the whole. Debian 12's GnuTLS still speaks TLS 1.0 and 1.1;
 * this runs before the first byte of the request is sent. */
static void
on_network_event (SoupMessage *message, GSocketClientEvent event, GIOStream *stream,
                  gpointer user_data)
{
  TaExchange *self = user_data;
  gint64 rest = MAX (self->ends_at - ta_clock_now ().boot, 1);

  if (event == G_SOCKET_CLIENT_CONNECTED && G_IS_SOCKET_CONNECTION (stream))
    g_set_object (&self->socket, g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)));
  if (event == G_SOCKET_CLIENT_RESOLVING)
    ta_deadline_restart (self->deadline, (guint) MIN (rest, CONNECT_TIMEOUT));
  if (event == G_SOCKET_CLIENT_COMPLETE)
    ta_deadline_restart (self->deadline, (guint) rest);
  if (event != G_SOCKET_CLIENT_TLS_HANDSHAKED || !G_IS_TLS_CONNECTION (stream)
      || g_tls_connection_get_protocol_version (G_TLS_CONNECTION (stream))
             >= G_TLS_PROTOCOL_VERSION_TLS_1_2)
    return;
  self->weak_tls = TRUE;
  g_cancellable_cancel (ta_deadline_get_cancellable (self->deadline));
}

/* libsoup ends a body in chunks well when it is told to give up in the middle of it, and a server
 * would take what it has for the whole. So the connection goes first. */
static void
on_give_up (GCancellable *cancellable, gpointer user_data)
{
  TaExchange *self = user_data;

  if (self->has_upload && self->socket != NULL)
    g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
}

/* The system's authorities do not vouch for the server. */
static gboolean
on_accept_certificate (SoupMessage *message, GTlsCertificate *certificate,
                       GTlsCertificateFlags errors, gpointer user_data)
{
  const TaExchange *self = user_data;

  return self->additional != NULL
         && ta_trust_accepts (self->additional, certificate,
                              g_uri_get_host (soup_message_get_uri (message)));
}

static void
on_wrote_headers (SoupMessage *message, gpointer user_data)
{
  TaExchange *self = user_data;

  self->was_sent = TRUE;
}

/* A body without a known size may take its time, as long as it gets on. */
static void
on_wrote_body_data (SoupMessage *message, guint size, gpointer user_data)
{
  TaExchange *self = user_data;

  if (!self->streams)
    return;
  self->ends_at = ta_clock_now ().boot + self->timeout;
  ta_deadline_restart (self->deadline, self->timeout);
}

/* libsoup reads interim answers in a loop that lets nothing else run. */
static void
on_informational (SoupMessage *message, gpointer user_data)
{
  TaExchange *self = user_data;

  if (++self->n_informational > INFORMATIONAL_MAX)
    g_cancellable_cancel (ta_deadline_get_cancellable (self->deadline));
}

/* libsoup sends a request again that was lost on a kept connection, if its method is idempotent.
 * Here only those are repeated that change nothing (RFC 9110 section 9.2.1). */
static void
on_restarted (SoupMessage *message, gpointer user_data)
{
  TaExchange *self = user_data;
  const char *method = soup_message_get_method (message);

  self->is_lost = self->has_upload || (method != SOUP_METHOD_GET && method != SOUP_METHOD_HEAD);
  if (self->is_lost)
    g_cancellable_cancel (ta_deadline_get_cancellable (self->deadline));
}

/* Notes that so many more bytes are in memory, until the end. */
void
ta_exchange_hold (TaExchange *self, gsize bytes)
{
  self->own += bytes;
  *self->held += bytes;
}

/* Takes the message and the authorities. `held`: a g_rc_box. */
TaExchange *
ta_exchange_new (SoupMessage *message, GTlsDatabase *additional, const TaHttpRequest *request,
                 GCancellable *cancellable, gsize *held)
{
  TaExchange *self = g_new0 (TaExchange, 1);

  self->message = message;
  self->additional = additional;
  self->deadline = ta_deadline_new (request->timeout, cancellable);
  self->ends_at = ta_clock_now ().boot + request->timeout;
  self->timeout = request->timeout;
  self->has_upload = request->upload != NULL;
  self->streams = request->streams;
  self->max_length = request->max_length;
  self->held = g_rc_box_acquire (held);
  g_signal_connect (ta_deadline_get_cancellable (self->deadline), "cancelled",
                    G_CALLBACK (on_give_up), self);
  g_signal_connect (message, "network-event", G_CALLBACK (on_network_event), self);
  g_signal_connect (message, "accept-certificate", G_CALLBACK (on_accept_certificate), self);
  g_signal_connect (message, "wrote-headers", G_CALLBACK (on_wrote_headers), self);
  g_signal_connect (message, "wrote-body-data", G_CALLBACK (on_wrote_body_data), self);
  g_signal_connect (message, "restarted", G_CALLBACK (on_restarted), self);
  g_signal_connect (message, "got-informational", G_CALLBACK (on_informational), self);
  return self;
}

void
ta_exchange_free (TaExchange *self)
{
  g_signal_handlers_disconnect_by_data (self->message, self);
  g_signal_handlers_disconnect_by_data (ta_deadline_get_cancellable (self->deadline), self);
  g_clear_object (&self->socket);
  g_object_unref (self->message);
  g_clear_object (&self->additional);
  ta_deadline_free (self->deadline);
  g_clear_pointer (&self->response, ta_http_response_free);
  *self->held -= self->own;
  g_rc_box_release (self->held);
  g_free (self);
}

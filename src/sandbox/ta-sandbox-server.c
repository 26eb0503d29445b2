/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-server.h"

#include "ta-sandbox-api.h"
#include "ta-sandbox-authorize.h"
#include "ta-sandbox-control.h"
#include "ta-sandbox-token.h"

#include "base/ta-error.h"

#include <stdio.h>

/* The one file that runs libsoup's server: it reads a request whole, asks the endpoint for a
 * reply, prints a line, holds the reply back for as long as it is to be late, and sends it. An
 * endpoint is a function from state and request to reply. */

struct _TaSandboxServer
{
  SoupServer *soup;      /* (owned) */
  TaSandboxState *state; /* (owned) */
  GHashTable *held;      /* (owned): Held, those that wait */
};

typedef struct
{
  TaSandboxServer *server;    /* (unowned) */
  SoupServerMessage *message; /* (owned) */
  TaSandboxReply *reply;      /* (owned) */
  guint source;
} Held;

static TaSandboxReply *
answer_nothing_here (void)
{
  return ta_sandbox_reply_new (404, "text/plain; charset=utf-8", "Nothing is at this path.\n");
}

static TaSandboxReply *
answer_late (TaSandboxState *state, TaSandboxReply *reply)
{
  reply->delay += (guint) state->settings.delay;
  return reply;
}

static TaSandboxReply *
answer (TaSandboxState *state, const TaSandboxRequest *request)
{
  if (g_str_equal (request->path, "/oauth/authorize"))
    return ta_sandbox_authorize_answer (state, request);
  if (g_str_equal (request->path, "/oauth/token"))
    return answer_late (state, ta_sandbox_token_answer (state, request));
  if (g_str_equal (request->path, "/oauth/revoke"))
    return ta_sandbox_token_answer_revocation (state, request);
  if (g_str_equal (request->path, "/control"))
    return ta_sandbox_control_answer (state, request);
  if (g_str_has_prefix (request->path, "/v1/"))
    return answer_late (state, ta_sandbox_api_answer (state, request));
  return answer_nothing_here ();
}

/* No query, no header, no body: they hold codes and tokens. */
static void
print_line (const char *method, const char *path, const TaSandboxReply *reply)
{
  g_autofree char *quoted_method = ta_error_quote (method);
  g_autofree char *quoted_path = ta_error_quote (path);

  printf ("%s %s %s%s%u\n", quoted_method, quoted_path, reply->word != NULL ? reply->word : "",
          reply->word != NULL ? " " : "", reply->status);
}

static void
free_held (void *data)
{
  Held *held = data;

  if (held->source != 0)
    g_source_remove (held->source);
  g_object_unref (held->message);
  ta_sandbox_reply_free (held->reply);
  g_free (held);
}

static gboolean
on_held_enough (void *user_data)
{
  Held *held = user_data;

  held->source = 0;
  ta_sandbox_reply_send (held->reply, held->message);
  soup_server_message_unpause (held->message);
  g_hash_table_remove (held->server->held, held);
  return G_SOURCE_REMOVE;
}

static void
send_or_hold (TaSandboxServer *self, SoupServerMessage *message, TaSandboxReply *taken)
{
  g_autoptr (TaSandboxReply) reply = taken;
  Held *held;

  if (reply->delay == 0)
    {
      ta_sandbox_reply_send (reply, message);
      return;
    }
  held = g_new0 (Held, 1);
  held->server = self;
  held->message = g_object_ref (message);
  held->source = g_timeout_add (reply->delay, on_held_enough, held);
  held->reply = g_steal_pointer (&reply);
  g_hash_table_add (self->held, held);
  soup_server_message_pause (message);
}

static void
on_request (SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
            void *user_data)
{
  TaSandboxServer *self = user_data;
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  GUri *uri = soup_server_message_get_uri (message);
  g_autoptr (GBytes) bytes = NULL;
  TaSandboxRequest request = {
    .method = soup_server_message_get_method (message),
    .path = g_uri_get_path (uri),
    .query = g_uri_get_query (uri),
    .headers = soup_server_message_get_request_headers (message),
    .now = g_get_monotonic_time (),
  };
  TaSandboxReply *reply;

  if (body->length > TA_SANDBOX_REQUEST_MAX_BODY)
    reply = ta_sandbox_reply_new (413, "text/plain; charset=utf-8", "The body is too large.\n");
  else
    {
      bytes = soup_message_body_flatten (body);
      request.body = bytes;
      reply = answer (self->state, &request);
    }
  print_line (request.method, request.path, reply);
  send_or_hold (self, message, reply);
}

/* What is too large is still counted, but no longer kept. */
static void
on_chunk (SoupServerMessage *message, GBytes *chunk, void *user_data)
{
  SoupMessageBody *body = soup_server_message_get_request_body (message);

  if (body->length > TA_SANDBOX_REQUEST_MAX_BODY)
    soup_message_body_set_accumulate (body, FALSE);
}

static void
on_request_started (SoupServer *soup, SoupServerMessage *message, void *user_data)
{
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_chunk), NULL);
}

TaSandboxServer *
ta_sandbox_server_new (const TaSandboxSettings *settings)
{
  TaSandboxServer *self = g_new0 (TaSandboxServer, 1);

  self->state = ta_sandbox_state_new (settings);
  self->held = g_hash_table_new_full (NULL, NULL, free_held, NULL);
  self->soup = soup_server_new ("server-header", "tidio-auth-sandbox", NULL);
  g_signal_connect (self->soup, "request-started", G_CALLBACK (on_request_started), NULL);
  soup_server_add_handler (self->soup, NULL, on_request, self, NULL);
  return self;
}

/* On 127.0.0.1 and ::1, or on 127.0.0.1 alone where there is no IPv6. `port` 0: any that is free.
 * Errors: G_IO_ERROR. */
gboolean
ta_sandbox_server_listen (TaSandboxServer *self, guint16 port, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (soup_server_listen_local (self->soup, port, 0, &reason))
    return TRUE;
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  return soup_server_listen_local (self->soup, port, SOUP_SERVER_LISTEN_IPV4_ONLY, error);
}

guint16
ta_sandbox_server_get_port (TaSandboxServer *self)
{
  g_autoslist (GUri) uris = soup_server_get_uris (self->soup);

  return uris != NULL ? (guint16) g_uri_get_port (uris->data) : 0;
}

void
ta_sandbox_server_free (TaSandboxServer *self)
{
  g_hash_table_unref (self->held);
  soup_server_disconnect (self->soup);
  g_object_unref (self->soup);
  ta_sandbox_state_free (self->state);
  g_free (self);
}

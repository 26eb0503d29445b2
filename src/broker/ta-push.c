/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-push.h"

#include "broker/ta-token-endpoint.h"
#include "oauth/ta-authorization.h"
#include "oauth/ta-par-response.h"

/* An authorization request is sent to the provider, so that no browser carries it (RFC 9126). A
 * provider that is to have it this way never gets it in another. */

#define TIMEOUT 25

typedef struct
{
  TaParts *parts;       /* (owned) */
  TaProvider *provider; /* (owned) */
  char *client_id;      /* (owned) */
  gint64 expires_in;    /* seconds, 0: unknown */
} Push;

static void
push_free (Push *push)
{
  ta_parts_unref (push->parts);
  ta_provider_unref (push->provider);
  g_free (push->client_id);
  g_free (push);
}

static void
send_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Push *push = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (TaHttpResponse) response = ta_token_endpoint_send_finish (push->parts, result, &error);
  g_autofree char *request_uri = NULL;

  if (response != NULL)
    request_uri = ta_par_response_parse (response->status, (const char *) response->body->data,
                                         response->body->len, &push->expires_in, &error);
  if (request_uri == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (
        task, ta_authorization_pushed_uri (push->provider, push->client_id, request_uri), g_free);
}

/* `query`: the authorization request. One whose code is to be bound to a key names the key
 * (dpop_jkt) and needs no proof: RFC 9449 section 10.1 has servers take either. A proof would be
 * refused for good by those that want a nonce and give none at this endpoint. */
void
ta_push_async (TaParts *parts, TaProvider *provider, TaClient *client, const char *query,
               GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (parts->http, NULL, callback, user_data);
  Push *push = g_new0 (Push, 1);
  g_autoptr (TaTokenRequest) request = ta_token_request_push (provider, client, query);

  g_task_set_source_tag (task, ta_push_async);
  push->parts = ta_parts_ref (parts);
  push->provider = ta_provider_ref (provider);
  push->client_id = g_strdup (client->id);
  g_task_set_task_data (task, push, (GDestroyNotify) push_free);
  ta_token_endpoint_send_async (parts, provider->pushed_authorization_request_endpoint, request,
                                NULL, TIMEOUT, NULL, send_cb, task);
}

/* The address to open, within `expires_in` (out) seconds, 0: unknown.
 * Errors: those of ta_token_endpoint_send_async() and ta_par_response_parse(). */
char *
ta_push_finish (TaParts *parts, GAsyncResult *result, gint64 *expires_in, GError **error)
{
  const Push *push;

  g_return_val_if_fail (g_task_is_valid (result, parts->http), NULL);
  push = g_task_get_task_data (G_TASK (result));
  *expires_in = push->expires_in;
  return g_task_propagate_pointer (G_TASK (result), error);
}

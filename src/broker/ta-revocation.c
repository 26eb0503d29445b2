/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-revocation.h"

#include "broker/ta-token-endpoint.h"
#include "io/ta-deadline.h"

/* Giving back what a provider granted (RFC 7009): the refresh token first, because that ends the
 * grant, then the access token. Best effort, within one deadline. */

#define TIMEOUT 10

typedef struct
{
  TaParts *parts;       /* (owned) */
  char *server;         /* (owned) (nullable): who gave the token */
  TaToken *token;       /* (owned) */
  TaProvider *provider; /* (owned) (nullable) */
  TaClient *client;     /* (owned) (nullable) */
  TaDeadline *deadline; /* (owned) */
  gboolean revoked;     /* the first token is */
} Revocation;

static void
revocation_free (Revocation *revocation)
{
  ta_parts_unref (revocation->parts);
  g_free (revocation->server);
  ta_token_unref (revocation->token);
  g_clear_pointer (&revocation->provider, ta_provider_unref);
  g_clear_pointer (&revocation->client, ta_client_unref);
  ta_deadline_free (revocation->deadline);
  g_free (revocation);
}

static gboolean
is_revoked (const Revocation *revocation, GAsyncResult *result)
{
  g_autoptr (TaHttpResponse) response
      = ta_token_endpoint_send_finish (revocation->parts, result, NULL);

  return response != NULL && response->status == 200;
}

/* Takes the task. */
static void
send (GTask *task, const TaSecret *token, const char *type_hint, GAsyncReadyCallback callback)
{
  Revocation *revocation = g_task_get_task_data (task);
  g_autoptr (TaTokenRequest) request = ta_token_request_revoke (
      revocation->provider, revocation->client, ta_secret_peek (token), type_hint);

  ta_token_endpoint_send_async (revocation->parts, revocation->provider->revocation_endpoint,
                                request, NULL, TIMEOUT,
                                ta_deadline_get_cancellable (revocation->deadline), callback, task);
}

static void
access_token_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Revocation *revocation = g_task_get_task_data (task);
  gboolean revoked = is_revoked (revocation, result);

  if (revocation->token->refresh_token == NULL)
    revocation->revoked = revoked;
  g_task_return_boolean (task, revocation->revoked);
}

static void
refresh_token_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Revocation *revocation = g_task_get_task_data (task);

  revocation->revoked = is_revoked (revocation, result);
  send (g_steal_pointer (&task), revocation->token->access_token, "access_token", access_token_cb);
}

static void
client_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Revocation *revocation = g_task_get_task_data (task);
  TaToken *token = revocation->token;

  revocation->client = ta_parts_find_client_finish (revocation->parts, result, NULL);
  if (revocation->client == NULL)
    {
      g_task_return_boolean (task, FALSE);
      return;
    }
  if (token->refresh_token != NULL)
    send (g_steal_pointer (&task), token->refresh_token, "refresh_token", refresh_token_cb);
  else
    send (g_steal_pointer (&task), token->access_token, "access_token", access_token_cb);
}

static void
provider_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Revocation *revocation = g_task_get_task_data (task);

  revocation->provider = ta_discovery_find_finish (TA_DISCOVERY (source), result, NULL);
  if (revocation->provider == NULL || revocation->provider->revocation_endpoint == NULL
      || !ta_provider_check_server (revocation->provider, revocation->server, NULL))
    g_task_return_boolean (task, FALSE);
  else
    ta_parts_find_client_async (revocation->parts, revocation->provider, FALSE,
                                ta_deadline_get_cancellable (revocation->deadline), client_cb,
                                g_steal_pointer (&task));
}

/* Never fails: the answer is whether the provider confirmed it. `provider`: its id; `server`
 * (nullable): who gave the token, as in ta_provider_check_server(). Nobody needs to wait for it:
 * `callback` (nullable). `cancellable` (nullable): it is given up. */
void
ta_revocation_async (TaParts *parts, const char *provider, const char *server, TaToken *token,
                     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (parts->store, NULL, callback, user_data);
  Revocation *revocation = g_new0 (Revocation, 1);

  g_task_set_source_tag (task, ta_revocation_async);
  revocation->parts = ta_parts_ref (parts);
  revocation->server = g_strdup (server);
  revocation->token = ta_token_ref (token);
  revocation->deadline = ta_deadline_new (TIMEOUT, cancellable);
  g_task_set_task_data (task, revocation, (GDestroyNotify) revocation_free);
  ta_discovery_find_async (parts->discovery, provider,
                           ta_deadline_get_cancellable (revocation->deadline), provider_cb, task);
}

gboolean
ta_revocation_finish (TaParts *parts, GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, parts->store), FALSE);
  return g_task_propagate_boolean (G_TASK (result), NULL);
}

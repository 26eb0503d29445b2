/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-identification.h"

#include "broker/ta-proof.h"
#include "io/ta-clock.h"
#include "oauth/ta-dpop.h"
#include "oauth/ta-endpoint.h"

/* Who signed in, from what the provider says with the tokens or at a path of its API. A provider
 * whose file names the path is asked there and nowhere else, so that what is compared from one
 * sign-in to the next is the same thing. Nothing of this fails a sign-in. */

#define USER_INFO_MAX (1024 * 1024)

typedef struct
{
  TaParts *parts;  /* (owned) */
  TaToken *token;  /* (owned) */
  char *uri;       /* (owned) */
  char *accept;    /* (owned) */
  char *member;    /* (owned) */
  gint64 deadline; /* on the boot clock, seconds */
  gboolean was_repeated;
} Identification;

static void ask (GTask *task);

static void
identification_free (Identification *self)
{
  ta_parts_unref (self->parts);
  ta_token_unref (self->token);
  g_free (self->uri);
  g_free (self->accept);
  g_free (self->member);
  g_free (self);
}

/* Whether the same request is wanted with a nonce (RFC 9449 section 9). */
static gboolean
wants_nonce (const Identification *self, const TaHttpResponse *response)
{
  return ta_dpop_nonces_note (self->parts->nonces, self->uri, response) && !self->was_repeated
         && ta_dpop_is_nonce_challenge (
             response->status, g_hash_table_lookup (response->headers, "www-authenticate"));
}

static void
ask_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Identification *self = g_task_get_task_data (task);
  g_autoptr (TaHttpResponse) response = ta_http_send_finish (TA_HTTP (source), result, NULL);

  if (response == NULL)
    {
      g_task_return_pointer (task, NULL, NULL);
      return;
    }
  ta_throttle_note_response (self->parts->throttle, self->uri, response);
  if (wants_nonce (self, response))
    {
      self->was_repeated = TRUE;
      ask (g_steal_pointer (&task));
    }
  else if (response->status == 200)
    g_task_return_pointer (task,
                           ta_identity_from_user_info ((const char *) response->body->data,
                                                       response->body->len, self->uri,
                                                       self->member),
                           (GDestroyNotify) ta_identity_unref);
  else
    g_task_return_pointer (task, NULL, NULL);
}

/* Takes the task. */
static void
ask (GTask *task)
{
  Identification *self = g_task_get_task_data (task);
  g_autoptr (GHashTable) headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (TaSecret) authorization
      = ta_proof_authorize (self->parts, self->token, "GET", self->uri, headers, NULL);
  TaHttpRequest request = {
    .method = "GET",
    .uri = self->uri,
    .accept = self->accept,
    .authorization = authorization,
    .headers = headers,
    .max_length = USER_INFO_MAX,
    .timeout = (guint) MAX (self->deadline - ta_clock_now ().boot, 1),
  };

  if (authorization != NULL)
    {
      ta_http_send_async (self->parts->http, &request, NULL, ask_cb, task);
      return;
    }
  g_task_return_pointer (task, NULL, NULL);
  g_object_unref (task);
}

/* Finds out who a token that was just granted is for; `id_token` (nullable): came with it.
 * `timeout`: seconds for all of it. */
void
ta_identification_async (TaParts *parts, const TaProvider *provider, const char *client_id,
                         TaToken *token, const TaSecret *id_token, guint timeout,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (parts->http, NULL, callback, user_data);
  g_autofree char *uri = NULL;
  Identification *self;
  TaIdentity *identity = NULL;

  g_task_set_source_tag (task, ta_identification_async);
  if (provider->user_info_path != NULL)
    uri = ta_endpoint_api_uri (provider->base_uri, provider->user_info_path, NULL);
  else if (id_token != NULL)
    identity = ta_identity_from_id_token (ta_secret_peek (id_token), provider->issuer, client_id,
                                          ta_clock_now ().wall);
  if (uri == NULL)
    {
      g_task_return_pointer (task, identity, (GDestroyNotify) ta_identity_unref);
      return;
    }
  self = g_new0 (Identification, 1);
  self->parts = ta_parts_ref (parts);
  self->token = ta_token_ref (token);
  self->uri = g_steal_pointer (&uri);
  self->deadline = ta_clock_now ().boot + timeout;
  self->accept = g_strdup (provider->accept);
  self->member = g_strdup (provider->user_info_member);
  g_task_set_task_data (task, self, (GDestroyNotify) identification_free);
  ask (g_steal_pointer (&task));
}

/* (transfer full) (nullable): NULL if nobody says. */
TaIdentity *
ta_identification_finish (TaParts *parts, GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, parts->http), NULL);
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

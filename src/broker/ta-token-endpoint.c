/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-token-endpoint.h"

#include "base/ta-error.h"
#include "broker/ta-proof.h"
#include "io/ta-clock.h"
#include "oauth/ta-dpop.h"
#include "oauth/ta-token-response.h"

#include <string.h>

/* A request to an authorization server goes out once: a code or a refresh token may be spent even
 * if no answer comes. There is one exception. A server that wants its own nonce in the proof says
 * so before it looks at anything else, and then the request goes out once more (RFC 9449 section
 * 8). */

typedef struct
{
  TaParts *parts;            /* (owned) */
  char *endpoint;            /* (owned) */
  const char *content_type;  /* (unowned) */
  TaSecret *body;            /* (owned) */
  TaSecret *authorization;   /* (owned) (nullable) */
  TaSecret *dpop_key;        /* (owned) (nullable) */
  gint64 deadline;           /* on the boot clock, seconds */
  GCancellable *cancellable; /* (owned) (nullable) */
  gboolean was_repeated;
  gboolean was_sent; /* the server may have seen the last request */
} Send;

static void post (GTask *task);

static void
send_free (Send *send)
{
  ta_parts_unref (send->parts);
  g_free (send->endpoint);
  ta_secret_unref (send->body);
  g_clear_pointer (&send->authorization, ta_secret_unref);
  g_clear_pointer (&send->dpop_key, ta_secret_unref);
  g_clear_object (&send->cancellable);
  g_free (send);
}

/* Takes notice of what the headers say; whether the same request is wanted with a nonce. */
static gboolean
note_response (Send *send, const TaHttpResponse *response)
{
  gboolean has_nonce = ta_dpop_nonces_note (send->parts->nonces, send->endpoint, response);

  ta_throttle_note_response (send->parts->throttle, send->endpoint, response);
  return send->dpop_key != NULL && has_nonce
         && ta_dpop_is_nonce_error (response->status, (const char *) response->body->data,
                                    response->body->len);
}

static void
post_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Send *send = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_http_send_finish (TA_HTTP (source), result, &error);

  send->was_sent = ta_http_was_sent (result);
  if (g_error_matches (error, TA_ERROR, TA_ERROR_RESPONSE_TOO_LARGE))
    error->code = TA_ERROR_INVALID_RESPONSE;
  if (response == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (note_response (send, response) && !send->was_repeated)
    {
      send->was_repeated = TRUE;
      post (g_steal_pointer (&task));
    }
  else
    g_task_return_pointer (task, g_steal_pointer (&response),
                           (GDestroyNotify) ta_http_response_free);
}

/* Takes the task. */
static void
post (GTask *task)
{
  Send *send = g_task_get_task_data (task);
  g_autoptr (GHashTable) headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  const char *text = ta_secret_peek (send->body);
  g_autoptr (GBytes) body = g_bytes_new_with_free_func (
      text, strlen (text), (GDestroyNotify) ta_secret_unref, ta_secret_ref (send->body));
  TaHttpRequest request = {
    .method = "POST",
    .uri = send->endpoint,
    .accept = "application/json",
    .authorization = send->authorization,
    .headers = headers,
    .content_type = send->content_type,
    .body = body,
    .max_length = TA_TOKEN_RESPONSE_MAX,
    .timeout = (guint) MAX (send->deadline - ta_clock_now ().boot, 1),
  };
  GError *error = NULL;

  send->was_sent = FALSE;
  if (send->dpop_key != NULL
      && !ta_proof_add (send->parts, send->dpop_key, request.method, request.uri, NULL, headers,
                        &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  ta_http_send_async (send->parts->http, &request, send->cancellable, post_cb, task);
}

/* Sends a request to an endpoint of an authorization server. `dpop_key` (nullable): it is proven
 * with. `timeout` in seconds, for all of it.
 * Errors: TA_ERROR_NETWORK, TA_ERROR_TIMEOUT, TA_ERROR_TLS, TA_ERROR_INVALID_RESPONSE;
 * those of ta_proof_add(). */
void
ta_token_endpoint_send_async (TaParts *parts, const char *endpoint, const TaTokenRequest *request,
                              TaSecret *dpop_key, guint timeout, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (parts->http, NULL, callback, user_data);
  Send *send = g_new0 (Send, 1);

  g_task_set_source_tag (task, ta_token_endpoint_send_async);
  send->parts = ta_parts_ref (parts);
  send->endpoint = g_strdup (endpoint);
  send->content_type = request->content_type;
  send->body = ta_secret_ref (request->body);
  if (request->authorization != NULL)
    send->authorization = ta_secret_ref (request->authorization);
  if (dpop_key != NULL)
    send->dpop_key = ta_secret_ref (dpop_key);
  send->deadline = ta_clock_now ().boot + timeout;
  if (cancellable != NULL)
    send->cancellable = g_object_ref (cancellable);
  g_task_set_task_data (task, send, (GDestroyNotify) send_free);
  post (task);
}

/* The HTTP answer; its status is a result. Its Retry-After is obeyed from now on. */
TaHttpResponse *
ta_token_endpoint_send_finish (TaParts *parts, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, parts->http), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* The token that was granted by an answer; `previous` NULL: for a code, else by a refresh of it.
 * `unfit` (out) (nullable): one that was granted and is not bound as it must be.
 * Errors: those of ta_token_response_parse() and ta_token_bind(). */
TaToken *
ta_token_endpoint_read_token (GAsyncResult *result, const TaHttpResponse *response,
                              const TaProvider *provider, const TaToken *previous, TaToken **unfit,
                              GError **error)
{
  const Send *send = g_task_get_task_data (G_TASK (result));
  gboolean is_required
      = provider->dpop == TA_DPOP_REQUIRED || (previous != NULL && ta_token_is_bound (previous));
  g_autoptr (TaToken) token
      = ta_token_response_parse (response->status, (const char *) response->body->data,
                                 response->body->len, ta_clock_now (), previous, error);
  TaToken *bound = token == NULL ? NULL : ta_token_bind (token, send->dpop_key, is_required, error);

  if (bound == NULL && unfit != NULL)
    *unfit = g_steal_pointer (&token);
  return bound;
}

/* The token that a refresh of `previous` gave. `may_be_spent` (out): on an error, whether the
 * provider may have acted on the request.
 * Errors: those of both functions above. */
TaToken *
ta_token_endpoint_refresh_finish (TaParts *parts, GAsyncResult *result, const TaProvider *provider,
                                  const TaToken *previous, gboolean *may_be_spent, GError **error)
{
  const Send *send = g_task_get_task_data (G_TASK (result));
  g_autoptr (TaHttpResponse) response = ta_token_endpoint_send_finish (parts, result, error);

  *may_be_spent = send->was_sent;
  if (response == NULL)
    return NULL;
  *may_be_spent = response->status < 400 || response->status > 499;
  return ta_token_endpoint_read_token (result, response, provider, previous, NULL, error);
}

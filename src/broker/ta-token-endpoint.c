/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-token-endpoint.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"
#include "oauth/ta-token-response.h"

#include <string.h>

/* Sends a token or revocation request, once: a code or a refresh token may be spent even if no
 * answer comes. `timeout` in seconds.
 * Errors: TA_ERROR_NETWORK, TA_ERROR_TIMEOUT, TA_ERROR_TLS, TA_ERROR_INVALID_RESPONSE. */
void
ta_token_endpoint_send_async (TaHttp *http, const char *endpoint, const TaTokenRequest *request,
                              guint timeout, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  const char *text = ta_secret_peek (request->body);
  g_autoptr (GBytes) body = g_bytes_new_with_free_func (
      text, strlen (text), (GDestroyNotify) ta_secret_unref, ta_secret_ref (request->body));
  TaHttpRequest http_request = {
    .method = "POST",
    .uri = endpoint,
    .accept = "application/json",
    .authorization = request->authorization,
    .content_type = request->content_type,
    .body = body,
    .max_length = TA_TOKEN_RESPONSE_MAX,
    .timeout = timeout,
  };

  ta_http_send_async (http, &http_request, cancellable, callback, user_data);
}

/* The HTTP answer; its status is a result. Its Retry-After is obeyed from now on. */
TaHttpResponse *
ta_token_endpoint_send_finish (TaParts *parts, GAsyncResult *result, const char *endpoint,
                               GError **error)
{
  g_autoptr (GError) local_error = NULL;
  TaHttpResponse *response = ta_http_send_finish (parts->http, result, &local_error);

  if (g_error_matches (local_error, TA_ERROR, TA_ERROR_RESPONSE_TOO_LARGE))
    local_error->code = TA_ERROR_INVALID_RESPONSE;
  if (response == NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  else
    ta_throttle_note_response (parts->throttle, endpoint, response);
  return response;
}

/* The token that was granted; `previous` NULL: for a code, else by a refresh of it. `may_be_spent`
 * (out): on an error, whether the provider may have acted on the request.
 * Errors: also those of ta_token_response_parse(). */
TaToken *
ta_token_endpoint_token_finish (TaParts *parts, GAsyncResult *result, const TaProvider *provider,
                                const TaToken *previous, gboolean *may_be_spent, GError **error)
{
  g_autoptr (TaHttpResponse) response
      = ta_token_endpoint_send_finish (parts, result, provider->token_endpoint, error);

  if (response == NULL)
    {
      *may_be_spent = ta_http_was_sent (result);
      return NULL;
    }
  *may_be_spent = response->status < 400 || response->status > 499;
  return ta_token_response_parse (response->status, (const char *) response->body->data,
                                  response->body->len, ta_clock_now (), previous, error);
}

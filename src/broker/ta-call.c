/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-call.h"

#include "base/ta-error.h"
#include "base/ta-json.h"
#include "broker/ta-get-token.h"
#include "io/ta-clock.h"
#include "io/ta-providers.h"
#include "oauth/ta-api-request.h"
#include "oauth/ta-endpoint.h"

/* One API call with the token kept inside, in the order the functions stand below: a token -> the
 * URI, from the account's provider -> the request -> after a first 401 a token other than the one
 * refused, and the request once more -> the response. Nothing else is ever repeated: the API may
 * have acted already. */

typedef struct
{
  TaSignIns *sign_ins;   /* (owned) */
  TaCall *call;          /* (owned) */
  TaTokenAnswer *answer; /* (owned) (nullable): the token of the last request */
  gint64 deadline;       /* on the monotonic clock, seconds */
  gboolean retried;
} Run;

static void get_token (GTask *task, const char *rejected);

static void
run_free (Run *run)
{
  g_object_unref (run->sign_ins);
  ta_call_free (run->call);
  g_clear_pointer (&run->answer, ta_token_answer_free);
  g_free (run);
}

/* Seconds that are left of the caller's time. */
static guint
get_time_left (const Run *run)
{
  return (guint) MAX (run->deadline - ta_clock_monotonic (), 1);
}

/* Whether what came is whole. Where no length was announced, a JSON text tells by itself. */
static gboolean
is_complete (TaHttpResponse *response)
{
  return response->complete
         || ta_json_is_text ((const char *) response->body->data, response->body->len);
}

static void
send_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Run *run = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_http_send_finish (TA_HTTP (source), result, &error);

  if (response == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (response->status == 401 && !run->retried)
    {
      run->retried = TRUE;
      get_token (g_steal_pointer (&task), ta_secret_peek (run->answer->token->access_token));
    }
  else
    {
      response->complete = is_complete (response);
      g_task_return_pointer (task, g_steal_pointer (&response),
                             (GDestroyNotify) ta_http_response_free);
    }
}

/* Takes the task. */
static void
send (GTask *task, const TaProvider *provider, const char *uri)
{
  TaAccounts *accounts = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  g_autoptr (TaSecretString) value
      = g_strconcat ("Bearer ", ta_secret_peek (run->answer->token->access_token), NULL);
  g_autoptr (TaSecret) authorization = ta_secret_new (value);
  TaHttpRequest request = {
    .method = ta_api_request_find_method (run->call->method, NULL),
    .uri = uri,
    .accept = provider->accept,
    .authorization = authorization,
    .headers = run->call->headers,
    .content_type = run->call->content_type,
    .body = run->call->body,
    .max_length = TA_API_RESPONSE_MAX,
    .timeout = run->call->interactive ? run->call->timeout : get_time_left (run),
  };

  ta_http_send_async (ta_accounts_get_parts (accounts)->http, &request, NULL, send_cb, task);
}

static void
token_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Run *run = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaAccount) account = NULL;
  g_autoptr (TaProvider) provider = NULL;
  g_autofree char *uri = NULL;
  TaTokenAnswer *answer = ta_get_token_finish (TA_ACCOUNTS (source), result, &account, &error);

  g_clear_pointer (&run->answer, ta_token_answer_free);
  run->answer = answer;
  if (answer != NULL)
    provider = ta_providers_find (ta_account_get_record (account)->provider, &error);
  if (provider != NULL)
    uri = ta_endpoint_api_uri (provider->base_uri, run->call->path, &error);
  if (uri == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    send (g_steal_pointer (&task), provider, uri);
}

/* Takes the task. */
static void
get_token (GTask *task, const char *rejected)
{
  Run *run = g_task_get_task_data (task);
  TaTokenWish wish = {
    .min_validity = TA_TOKEN_DEFAULT_VALIDITY,
    .rejected = (char *) rejected,
    .interactive = run->call->interactive,
    .timeout = run->call->interactive ? 0 : get_time_left (run),
  };

  ta_get_token_async (g_task_get_source_object (task), run->sign_ins, run->call->account, &wish,
                      token_cb, task);
}

/* What can be said about a call before anything is asked or sent.
 * Errors: G_DBUS_ERROR_INVALID_ARGS, TA_ERROR_PATH_NOT_ALLOWED. */
gboolean
ta_call_check (const TaCall *call, GError **error)
{
  g_autofree char *uri = NULL;
  GHashTableIter iter;
  gpointer name, value;

  if (ta_api_request_find_method (call->method, error) == NULL)
    return FALSE;
  if (call->body != NULL && g_bytes_get_size (call->body) > TA_API_REQUEST_MAX)
    {
      g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                           "The body is larger than 10 MiB: send less");
      return FALSE;
    }
  if (call->content_type != NULL && !ta_api_request_check_content_type (call->content_type, error))
    return FALSE;
  g_hash_table_iter_init (&iter, call->headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (!ta_api_request_check_header (name, value, error))
      return FALSE;
  uri = ta_endpoint_api_uri ("https://localhost/", call->path, error);
  return uri != NULL;
}

/* Makes a call that was checked. Takes the call. Every HTTP status is a result.
 * Errors: those of ta_get_token_async() and ta_http_send_async(). */
void
ta_call_async (TaAccounts *accounts, TaSignIns *sign_ins, TaCall *call,
               GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (accounts, NULL, callback, user_data);
  Run *run = g_new0 (Run, 1);

  g_task_set_source_tag (task, ta_call_async);
  run->sign_ins = g_object_ref (sign_ins);
  run->call = call;
  run->deadline = ta_clock_monotonic () + call->timeout;
  g_task_set_task_data (task, run, (GDestroyNotify) run_free);
  get_token (task, NULL);
}

TaHttpResponse *
ta_call_finish (TaAccounts *accounts, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, accounts), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
ta_call_free (TaCall *call)
{
  g_free (call->account);
  g_free (call->method);
  g_free (call->path);
  g_clear_pointer (&call->body, g_bytes_unref);
  g_hash_table_unref (call->headers);
  g_free (call->content_type);
  g_free (call);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-call.h"

#include "base/ta-error.h"
#include "base/ta-json.h"
#include "broker/ta-get-token.h"
#include "broker/ta-key-call.h"
#include "broker/ta-proof.h"
#include "broker/ta-turn.h"
#include "io/ta-clock.h"
#include "io/ta-providers.h"
#include "oauth/ta-api-request.h"
#include "oauth/ta-dpop.h"
#include "oauth/ta-endpoint.h"

/* One API call with the token kept inside, in the order the functions stand below: a token -> the
 * URI, from the account's provider -> may the host be asked now? -> the request -> if the API wants
 * its nonce in the proof, the request once more (RFC 9449 section 9) -> after a first 401 a token
 * other than the one refused, and the request once more -> the response. Nothing else is ever
 * repeated: the API may have acted already. */

/* Of a 401, what is kept while another token is fetched; a longer one is the result. */
#define REFUSED_MAX (64 * 1024)

typedef struct
{
  TaSignIns *sign_ins;       /* (owned) */
  TaCall *call;              /* (owned) */
  GCancellable *cancellable; /* (owned): cancelled when the caller leaves */
  TaTokenAnswer *answer;     /* (owned) (nullable): the token of the last request */
  TaProvider *provider;      /* (owned) (nullable) */
  char *uri;                 /* (owned) (nullable) */
  TaHttpResponse *refused;   /* (owned) (nullable): the first 401 */
  gboolean has_nonce; /* the token was sent a second time, with the nonce that was asked for */
  gint64 deadline;    /* on the boot clock, seconds */
} Run;

static void get_token (GTask *task, const char *rejected);
static void wait_for_turn (GTask *task);

static void
run_free (Run *run)
{
  g_object_unref (run->sign_ins);
  ta_call_free (run->call);
  g_clear_pointer (&run->answer, ta_token_answer_free);
  g_clear_pointer (&run->provider, ta_provider_unref);
  g_free (run->uri);
  g_object_unref (run->cancellable);
  g_clear_pointer (&run->refused, ta_http_response_free);
  g_free (run);
}

static TaParts *
get_parts (GTask *task)
{
  return ta_accounts_get_parts (g_task_get_source_object (task));
}

/* Seconds that are left of the caller's time; what a person does in between does not count. */
static guint
get_time_left (const Run *run)
{
  if (run->call->interactive)
    return run->call->timeout;
  return (guint) MAX (run->deadline - ta_clock_now ().boot, 1);
}

/* Whether what came is whole. Where no length was announced, a JSON text tells by itself, unless it
 * is a number: that might go on. */
static gboolean
is_complete (TaHttpResponse *response)
{
  const char *data = (const char *) response->body->data;
  gsize length = response->body->len;

  return response->complete
         || (length > 0 && !g_ascii_isdigit (data[length - 1]) && ta_json_is_text (data, length));
}

/* Takes the task and the response. */
static void
finish (GTask *task, TaHttpResponse *response)
{
  if (response->stream == NULL)
    response->complete = is_complete (response);
  g_task_return_pointer (task, response, (GDestroyNotify) ta_http_response_free);
  g_object_unref (task);
}

/* Takes notice of what the headers say; whether the API asks for a proof with a nonce. That is no
 * word against the token. `is_helpful` (out): whether it gave a nonce, and none was tried. */
static gboolean
note_response (GTask *task, const TaHttpResponse *response, gboolean *is_helpful)
{
  Run *run = g_task_get_task_data (task);
  TaParts *parts = get_parts (task);
  const char *challenges = g_hash_table_lookup (response->headers, "www-authenticate");

  ta_throttle_note_response (parts->throttle, run->uri, response);
  *is_helpful = ta_dpop_nonces_note (parts->nonces, run->uri, response) && !run->has_nonce;
  return ta_token_is_bound (run->answer->token)
         && ta_dpop_is_nonce_challenge (response->status, challenges);
}

/* Whether the same request can be made once more. */
static gboolean
can_repeat (const Run *run)
{
  return run->call->upload == NULL || ta_upload_rewind (run->call->upload);
}

static void
send_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Run *run = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_http_send_finish (TA_HTTP (source), result, &error);
  gboolean is_nonce_wanted, is_helpful;

  if (response == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  /* The request's body may have taken longer than that. */
  if (run->call->streams)
    run->deadline = ta_clock_now ().boot + run->call->timeout;
  is_nonce_wanted = note_response (task, response, &is_helpful);
  if (is_nonce_wanted && is_helpful && can_repeat (run))
    {
      run->has_nonce = TRUE;
      wait_for_turn (g_steal_pointer (&task));
    }
  else if (is_nonce_wanted || response->status != 401 || run->refused != NULL
           || response->body->len > REFUSED_MAX || !can_repeat (run))
    finish (g_steal_pointer (&task), g_steal_pointer (&response));
  else
    {
      run->refused = g_steal_pointer (&response);
      get_token (g_steal_pointer (&task), ta_secret_peek (run->answer->token->access_token));
    }
}

/* Without what depends on whose call it is. A stream has all of its time for each step. */
static TaHttpRequest
describe_request (const Run *run)
{
  return (TaHttpRequest){
    .method = ta_api_request_find_method (run->call->method, NULL),
    .headers = run->call->headers,
    .content_type = run->call->content_type,
    .body = run->call->body,
    .upload = run->call->upload,
    .streams = run->call->streams,
    .max_length = TA_API_RESPONSE_MAX,
    .timeout = run->call->streams ? run->call->timeout : get_time_left (run),
  };
}

/* Takes the task. */
static void
send (GTask *task)
{
  Run *run = g_task_get_task_data (task);
  TaHttpRequest request = describe_request (run);
  GError *error = NULL;
  g_autoptr (TaSecret) authorization = ta_proof_authorize (
      get_parts (task), run->answer->token, request.method, run->uri, request.headers, &error);

  if (authorization == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  request.uri = run->uri;
  request.accept = run->provider->accept;
  request.authorization = authorization;
  ta_http_send_async (get_parts (task)->api, &request, run->cancellable, send_cb, task);
}

static void
turn_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (ta_turn_finish (TA_THROTTLE (source), result, &error))
    send (g_steal_pointer (&task));
  else
    g_task_return_error (task, error);
}

/* Takes the task. */
static void
wait_for_turn (GTask *task)
{
  Run *run = g_task_get_task_data (task);

  ta_turn_async (get_parts (task)->throttle, run->uri, get_time_left (run), run->cancellable,
                 turn_cb, task);
}

static void
token_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Run *run = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaAccount) account = NULL;
  g_autoptr (TaTokenAnswer) before = g_steal_pointer (&run->answer);
  const TaRecord *record;

  run->answer = ta_get_token_finish (TA_ACCOUNTS (source), result, &account, &error);
  if (run->answer != NULL && before != NULL && run->answer->token == before->token)
    {
      finish (g_steal_pointer (&task), g_steal_pointer (&run->refused));
      return;
    }
  run->has_nonce = FALSE;
  g_clear_pointer (&run->provider, ta_provider_unref);
  g_clear_pointer (&run->uri, g_free);
  record = run->answer == NULL ? NULL : ta_account_get_record (account);
  if (record != NULL)
    run->provider = ta_provider_cache_find (ta_accounts_get_parts (TA_ACCOUNTS (source))->providers,
                                            record->provider, &error);
  if (run->provider != NULL && ta_provider_check_server (run->provider, record->server, &error))
    run->uri = ta_endpoint_api_uri (run->provider->base_uri, run->call->path, &error);
  if (run->uri == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    wait_for_turn (g_steal_pointer (&task));
}

/* Takes the task. */
static void
get_token (GTask *task, const char *rejected)
{
  Run *run = g_task_get_task_data (task);
  TaTokenWish wish = {
    .min_validity = TA_TOKEN_DEFAULT_VALIDITY,
    .rejected = (char *) rejected,
    .is_repair = rejected != NULL,
    .interactive = run->call->interactive,
    .timeout = run->call->interactive ? 0 : get_time_left (run),
  };

  ta_get_token_async (g_task_get_source_object (task), run->sign_ins, run->call->account, &wish,
                      run->cancellable, token_cb, task);
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

static void
key_call_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  TaHttpResponse *response = ta_key_call_finish (get_parts (task), result, &error);

  if (response != NULL)
    finish (g_steal_pointer (&task), response);
  else
    g_task_return_error (task, error);
}

/* Takes the task. */
static void
call_with_key (GTask *task)
{
  Run *run = g_task_get_task_data (task);
  const TaHttpRequest request = describe_request (run);

  ta_key_call_async (get_parts (task), run->provider, run->call->path, &request,
                     run->call->interactive, run->cancellable, key_call_cb, task);
}

/* Makes a call that was checked. Takes the call. A provider whose API takes keys is its own
 * account: there is nobody to sign in. Every HTTP status is a result. Once cancelled, the request
 * is given up. Errors: those of ta_get_token_async() and ta_http_send_async(). */
void
ta_call_async (TaAccounts *accounts, TaSignIns *sign_ins, TaCall *call, GCancellable *cancellable,
               GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (accounts, NULL, callback, user_data);
  Run *run = g_new0 (Run, 1);

  g_task_set_source_tag (task, ta_call_async);
  run->sign_ins = g_object_ref (sign_ins);
  run->call = call;
  run->cancellable = g_object_ref (cancellable);
  run->deadline = ta_clock_now ().boot + call->timeout;
  g_task_set_task_data (task, run, (GDestroyNotify) run_free);
  if (ta_accounts_peek (accounts, call->account) == NULL)
    run->provider = ta_providers_find_keyed (call->account);
  if (run->provider != NULL)
    call_with_key (task);
  else
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
  g_clear_pointer (&call->upload, ta_upload_unref);
  g_hash_table_unref (call->headers);
  g_free (call->content_type);
  g_free (call);
}

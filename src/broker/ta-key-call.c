/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-key-call.h"

#include "base/ta-error.h"
#include "broker/ta-turn.h"
#include "io/ta-clock.h"
#include "oauth/ta-endpoint.h"

/* One API call of a provider that knows a project by its client id and secret, which go with each
 * call: client -> may the host be asked now? -> request -> if the API wants fewer requests, another
 * turn while the caller's time lasts: it did not act on this one (RFC 6585 section 4). Any other
 * status is a result. */

#define ID_HEADER "X-Tidio-Openapi-Client-Id"
#define SECRET_HEADER "X-Tidio-Openapi-Client-Secret"

typedef struct
{
  TaParts *parts;        /* (owned) */
  TaProvider *provider;  /* (owned) */
  TaHttpRequest request; /* what it points to outlives this */
  char *uri;             /* (owned) */
  TaClient *client;      /* (owned) (nullable) */
  char *project;         /* (owned) (nullable): a URI that is its alone */
  guint n_refusals;      /* answers with 429 */
  gint64 deadline;       /* on the boot clock, seconds */
} KeyCall;

static void wait_for_turn (GTask *task);

static void
key_call_free (KeyCall *self)
{
  ta_parts_unref (self->parts);
  ta_provider_unref (self->provider);
  g_free (self->uri);
  g_clear_pointer (&self->client, ta_client_unref);
  g_free (self->project);
  g_free (self);
}

/* Seconds. */
static guint
get_time_left (const KeyCall *self)
{
  return (guint) MAX (self->deadline - ta_clock_now ().boot, 0);
}

static void
send_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KeyCall *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_http_send_finish (TA_HTTP (source), result, &error);

  if (response == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  ta_throttle_note_limits (self->parts->throttle, self->project, response, self->n_refusals);
  if (response->status != 429
      || (self->request.upload != NULL && !ta_upload_rewind (self->request.upload)))
    {
      g_task_return_pointer (task, g_steal_pointer (&response),
                             (GDestroyNotify) ta_http_response_free);
      return;
    }
  self->n_refusals++;
  /* The request's body may have taken longer than that. */
  if (self->request.streams)
    self->deadline = ta_clock_now ().boot + self->request.timeout;
  wait_for_turn (g_steal_pointer (&task));
}

static GHashTable *
create_headers (const KeyCall *self)
{
  GHashTable *headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                               (GDestroyNotify) ta_secret_free_string);
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, self->request.headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    g_hash_table_replace (headers, g_strdup (name), g_strdup (value));
  g_hash_table_replace (headers, g_strdup (ID_HEADER), g_strdup (self->client->id));
  g_hash_table_replace (headers, g_strdup (SECRET_HEADER),
                        g_strdup (ta_secret_peek (self->client->secret)));
  return headers;
}

static void
turn_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KeyCall *self = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (GHashTable) headers = NULL;
  GError *error = NULL;
  TaHttpRequest request = self->request;

  if (!ta_turn_finish (TA_THROTTLE (source), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  headers = create_headers (self);
  request.uri = self->uri;
  request.accept = self->provider->accept;
  request.headers = headers;
  if (!request.streams)
    request.timeout = MAX (get_time_left (self), 1);
  ta_http_send_async (self->parts->api, &request, cancellable, send_cb, g_steal_pointer (&task));
}

/* Takes the task. */
static void
wait_for_turn (GTask *task)
{
  KeyCall *self = g_task_get_task_data (task);

  ta_turn_async (self->parts->throttle, self->project, get_time_left (self),
                 g_task_get_cancellable (task), turn_cb, task);
}

static void
client_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KeyCall *self = g_task_get_task_data (task);
  g_autofree char *escaped = NULL;
  GError *error = NULL;

  self->client = ta_parts_find_client_finish (self->parts, result, &error);
  if (self->client != NULL && self->client->secret == NULL)
    g_set_error (&error, TA_ERROR, TA_ERROR_NOT_CONFIGURED,
                 "Provider %s has no client secret: set it with tidio-auth client set --provider "
                 "%s",
                 self->provider->id, self->provider->id);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  escaped = g_uri_escape_string (self->client->id, NULL, FALSE);
  self->project = g_strconcat (self->provider->base_uri, "#", escaped, NULL);
  wait_for_turn (g_steal_pointer (&task));
}

/* Makes a call that was checked. What `request` points to has to stay until the callback; its URI
 * comes from `path`.
 * Errors: TA_ERROR_PATH_NOT_ALLOWED, TA_ERROR_RATE_LIMITED, those of ta_parts_find_client_async()
 * and ta_http_send_async(). */
void
ta_key_call_async (TaParts *parts, TaProvider *provider, const char *path,
                   const TaHttpRequest *request, gboolean may_prompt, GCancellable *cancellable,
                   GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (parts->http, cancellable, callback, user_data);
  KeyCall *self = g_new0 (KeyCall, 1);
  GError *error = NULL;

  g_task_set_source_tag (task, ta_key_call_async);
  self->parts = ta_parts_ref (parts);
  self->provider = ta_provider_ref (provider);
  self->request = *request;
  self->deadline = ta_clock_now ().boot + request->timeout;
  self->uri = ta_endpoint_api_uri (provider->base_uri, path, &error);
  g_task_set_task_data (task, self, (GDestroyNotify) key_call_free);
  if (self->uri == NULL)
    g_task_return_error (task, error);
  else
    ta_parts_find_client_async (parts, provider, may_prompt, cancellable, client_cb,
                                g_steal_pointer (&task));
}

TaHttpResponse *
ta_key_call_finish (TaParts *parts, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, parts->http), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

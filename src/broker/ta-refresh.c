/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-refresh.h"

#include "base/ta-error.h"
#include "broker/ta-token-endpoint.h"
#include "io/ta-providers.h"

/* From a record to the next one, in the order the functions stand below: look at the store (another
 * broker may have refreshed already; and what cannot be written afterwards is not asked for) ->
 * client -> request -> answer. Nobody can cancel it: once the request is out, a provider that
 * rotates has replaced the refresh token, and giving up would lose the login. */

#define POST_TIMEOUT 30

typedef struct
{
  TaParts *parts;       /* (owned) */
  TaRecord *record;     /* (owned) */
  TaProvider *provider; /* (owned) (nullable) */
  gboolean may_prompt;
} Refresh;

static void
refresh_free (Refresh *refresh)
{
  ta_parts_unref (refresh->parts);
  ta_record_unref (refresh->record);
  g_clear_pointer (&refresh->provider, ta_provider_unref);
  g_free (refresh);
}

static void
post_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Refresh *refresh = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaToken) token
      = ta_token_endpoint_token_finish (TA_HTTP (source), result, refresh->record->token, &error);

  if (token == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, ta_record_refresh (refresh->record, token, token->issued_at),
                           (GDestroyNotify) ta_record_unref);
}

static void
client_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Refresh *refresh = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaClient) client = ta_parts_find_client_finish (refresh->parts, result, &error);
  g_autoptr (TaTokenRequest) request = NULL;

  if (client == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  request = ta_token_request_refresh (refresh->provider, client,
                                      ta_secret_peek (refresh->record->token->refresh_token));
  ta_token_endpoint_send_async (refresh->parts->http, refresh->provider->token_endpoint, request,
                                POST_TIMEOUT, NULL, post_cb, g_steal_pointer (&task));
}

/* (nullable): the stored record of the same account, if it is newer. */
static TaRecord *
find_newer (GPtrArray *items, const TaRecord *record)
{
  for (guint i = 0; i < items->len; i++)
    {
      TaStoreItem *item = items->pdata[i];
      g_autoptr (TaRecord) stored = ta_record_parse (ta_secret_peek (item->secret), NULL);

      if (stored != NULL && g_str_equal (stored->account, record->account)
          && ta_record_is_newer (stored, record))
        return g_steal_pointer (&stored);
    }
  return NULL;
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Refresh *refresh = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items = ta_store_load_finish (TA_STORE (source), result, &error);
  g_autoptr (TaRecord) newer = NULL;

  if (items == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  newer = find_newer (items, refresh->record);
  if (newer != NULL)
    g_task_return_pointer (task, g_steal_pointer (&newer), (GDestroyNotify) ta_record_unref);
  else
    ta_parts_find_client_async (refresh->parts, refresh->provider, refresh->may_prompt, NULL,
                                client_cb, g_steal_pointer (&task));
}

/* Refreshes a record that has a refresh token (RFC 6749 section 6). Nothing is stored yet.
 * Errors: TA_ERROR_SIGN_IN_REQUIRED: final; all others: the record may still be used later. */
void
ta_refresh_async (TaParts *parts, TaRecord *record, gboolean may_prompt,
                  GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (parts->store, NULL, callback, user_data);
  Refresh *refresh = g_new0 (Refresh, 1);
  g_autoptr (GError) error = NULL;

  g_task_set_source_tag (task, ta_refresh_async);
  refresh->parts = ta_parts_ref (parts);
  refresh->record = ta_record_ref (record);
  refresh->may_prompt = may_prompt;
  refresh->provider = ta_providers_find (record->provider, &error);
  g_task_set_task_data (task, refresh, (GDestroyNotify) refresh_free);
  if (refresh->provider == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    ta_store_load_async (parts->store, TA_STORE_ACCOUNT, may_prompt, NULL, load_cb,
                         g_steal_pointer (&task));
}

/* (transfer full) */
TaRecord *
ta_refresh_finish (TaParts *parts, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, parts->store), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

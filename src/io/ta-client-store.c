/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-client-store.h"

#include "base/ta-error.h"

/* Clients are few and their items say nothing readable, so the one of a provider is found by
 * reading them all. Every operation starts with that. What is found at once is enough for a
 * refresh; only if it is not among that, what is locked matters too. */

typedef struct
{
  char *provider;   /* (owned) */
  TaClient *client; /* (owned) (nullable): to be saved */
  GPtrArray *items; /* (owned) (nullable): that may have to be deleted */
  gboolean may_prompt;
  gboolean is_partial; /* what was not found may be in a collection that is locked */
} Call;

static void
call_free (Call *call)
{
  g_free (call->provider);
  g_clear_pointer (&call->client, ta_client_unref);
  g_clear_pointer (&call->items, g_ptr_array_unref);
  g_free (call);
}

static TaLoadPrompt
get_prompt (gboolean may_prompt)
{
  return may_prompt ? TA_LOAD_PROMPT_DEFAULT : TA_LOAD_PROMPT_NEVER;
}

static void
start (GTask *task, TaStore *store, const char *provider, TaClient *client, TaLoadPrompt prompt,
       GAsyncReadyCallback found)
{
  Call *call = g_new0 (Call, 1);

  call->provider = g_strdup (provider);
  call->client = client != NULL ? ta_client_ref (client) : NULL;
  call->may_prompt = prompt == TA_LOAD_PROMPT_DEFAULT;
  g_task_set_task_data (task, call, (GDestroyNotify) call_free);
  ta_store_load_async (store, TA_STORE_CLIENT, prompt, g_task_get_cancellable (task), found, task);
}

/* The client of the provider, NULL if there is none; `id` becomes the id of its item. */
static TaClient *
find (GPtrArray *items, const char *provider, char **id)
{
  for (guint i = 0; i < items->len; i++)
    {
      TaStoreItem *item = items->pdata[i];
      g_autoptr (TaClient) client = ta_client_parse (ta_secret_peek (item->secret), NULL);

      if (client == NULL || !g_str_equal (client->provider, provider))
        continue;
      *id = g_strdup (item->id);
      return g_steal_pointer (&client);
    }
  *id = NULL;
  return NULL;
}

/* What it means that there is no client although some may not have been found. */
GError *
ta_client_store_create_locked_error (void)
{
  return g_error_new_literal (TA_ERROR, TA_ERROR_STORAGE_LOCKED,
                              "A keyring that may hold the client is locked: unlock it and try "
                              "again");
}

/* Ends the reading. NULL: the task has returned its error. */
static GPtrArray *
take_items (GTask *task, GObject *source, GAsyncResult *result)
{
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  GPtrArray *items = ta_store_load_finish (TA_STORE (source), result, &call->is_partial, &error);

  if (items == NULL)
    g_task_return_error (task, error);
  return items;
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GPtrArray) items = take_items (task, source, result);
  g_autofree char *id = NULL;

  if (items != NULL)
    g_task_return_pointer (task, find (items, call->provider, &id),
                           (GDestroyNotify) ta_client_unref);
}

static void
look_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GCancellable *cancellable = g_task_get_cancellable (task);
  Call *call = g_task_get_task_data (task);
  g_autoptr (GPtrArray) items = take_items (task, source, result);
  g_autofree char *id = NULL;
  TaClient *client = items == NULL ? NULL : find (items, call->provider, &id);

  if (client != NULL)
    g_task_return_pointer (task, client, (GDestroyNotify) ta_client_unref);
  else if (items != NULL)
    ta_store_load_async (TA_STORE (source), TA_STORE_CLIENT, TA_LOAD_PROMPT_NEVER, cancellable,
                         load_cb, g_steal_pointer (&task));
}

/* Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_client_store_load_async (TaStore *store, const char *provider, gboolean may_prompt,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task = g_task_new (store, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_client_store_load_async);
  if (may_prompt)
    start (task, store, provider, NULL, TA_LOAD_PROMPT_DEFAULT, load_cb);
  else
    start (task, store, provider, NULL, TA_LOAD_AT_ONCE, look_cb);
}

/* (transfer full) (nullable): NULL with no error: none is stored, or, if `is_partial` (out)
 * (optional), it may be in a collection that is locked. */
TaClient *
ta_client_store_load_finish (TaStore *store, GAsyncResult *result, gboolean *is_partial,
                             GError **error)
{
  const Call *call;

  g_return_val_if_fail (g_task_is_valid (result, store), NULL);
  call = g_task_get_task_data (G_TASK (result));
  if (is_partial != NULL)
    *is_partial = call->is_partial;
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
save_item_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (ta_store_save_finish (TA_STORE (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
save_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TaStore *store = TA_STORE (source);
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (GPtrArray) items = take_items (task, source, result);
  g_autoptr (TaClient) earlier = NULL;
  g_autoptr (TaSecret) secret = NULL;
  g_autofree char *id = NULL;

  if (items == NULL)
    return;
  earlier = find (items, call->provider, &id);
  if (earlier == NULL)
    id = g_uuid_string_random ();
  secret = ta_client_print (call->client);
  ta_store_save_async (store, TA_STORE_CLIENT, id, secret, call->may_prompt, cancellable,
                       save_item_cb, g_steal_pointer (&task));
}

/* Replaces the client of its provider.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_client_store_save_async (TaStore *store, TaClient *client, gboolean may_prompt,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task = g_task_new (store, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_client_store_save_async);
  start (task, store, client->provider, client, get_prompt (may_prompt), save_cb);
}

gboolean
ta_client_store_save_finish (TaStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, store), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void delete_item_cb (GObject *source, GAsyncResult *result, gpointer user_data);

/* What was set while another keyring was locked made a second item. Where one was found, none is
 * missing. Takes the task. */
static void
delete_all (TaStore *store, GTask *task)
{
  Call *call = g_task_get_task_data (task);
  g_autofree char *id = NULL;
  g_autoptr (TaClient) client = find (call->items, call->provider, &id);

  if (client == NULL)
    {
      if (call->is_partial)
        g_task_return_error (task, ta_client_store_create_locked_error ());
      else
        g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  call->is_partial = FALSE;
  for (guint i = call->items->len; i-- > 0;)
    if (g_str_equal (((TaStoreItem *) call->items->pdata[i])->id, id))
      g_ptr_array_remove_index (call->items, i);
  ta_store_delete_async (store, TA_STORE_CLIENT, id, call->may_prompt,
                         g_task_get_cancellable (task), delete_item_cb, task);
}

static void
delete_item_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (ta_store_delete_finish (TA_STORE (source), result, &error))
    delete_all (TA_STORE (source), g_steal_pointer (&task));
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
clear_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);

  call->items = take_items (task, source, result);
  if (call->items != NULL)
    delete_all (TA_STORE (source), g_steal_pointer (&task));
}

/* Deletes the client of a provider, however often it is stored; that there is none is no error.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_client_store_clear_async (TaStore *store, const char *provider, gboolean may_prompt,
                             GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task = g_task_new (store, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_client_store_clear_async);
  start (task, store, provider, NULL, get_prompt (may_prompt), clear_cb);
}

gboolean
ta_client_store_clear_finish (TaStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, store), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

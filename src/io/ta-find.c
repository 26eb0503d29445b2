/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-find.h"

#include "base/ta-error.h"
#include "io/ta-collection.h"
#include "io/ta-keyring-error.h"
#include "io/ta-search.h"

/* Finding items in the Secret Service, in the order the functions stand below, from the last one
 * up: service -> default collection -> unlocked? -> search. Only then does "not found" mean absent
 * from it: a locked keyring answers a search with nothing, or, as KeePassXC, not before the user
 * unlocked it; and libsecret says of a dismissed unlock prompt neither yes nor no. Of collections
 * besides the default one ta-load.c knows more. Whatever fails for want of a working service is
 * tried once more with a newly opened one, because services restart and KWallet refuses or spoils
 * some sessions at random.
 *
 * One item, which is known by its id, is searched for as soon as the collection that was the
 * default one last is seen to be unlocked: what is found is there. If it is not found whole, all is
 * done in that order. */

typedef struct
{
  const SecretSchema *schema; /* (unowned): static */
  GHashTable *attributes;     /* (owned) */
  TaFindFlags flags;
  TaDeadline *deadline; /* (unowned): outlives the task */
  gboolean retried;
  gboolean is_quick;      /* the default collection is not asked for, if it is known */
  gboolean created;       /* the user was asked for a collection */
  SecretService *service; /* (owned) (nullable) */
  char *collection;       /* (owned) (nullable): path of the default one */
  gboolean is_locked;     /* the collection */
} Find;

static void open_service (GTask *task);

static void
find_free (Find *find)
{
  g_hash_table_unref (find->attributes);
  g_clear_object (&find->service);
  g_free (find->collection);
  g_free (find);
}

/* Takes the task. */
static void
fail (GTask *task, const GError *error)
{
  g_autoptr (GTask) owned = task;
  TaKeyring *keyring = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);

  if (find->retried || ta_keyring_error_is_final (error, find->deadline))
    {
      g_task_return_error (task, ta_keyring_error_translate (error, find->deadline));
      return;
    }
  find->retried = TRUE;
  ta_keyring_forget (keyring, find->service);
  g_clear_object (&find->service);
  g_clear_pointer (&find->collection, g_free);
  open_service (g_steal_pointer (&owned));
}

static void
create_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Find *find = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  ta_deadline_restart (find->deadline, TA_KEYRING_TIMEOUT);
  if (ta_unlocker_unlock_finish (TA_UNLOCKER (source), result, &error))
    open_service (task);
  else
    fail (task, error);
}

/* No default collection, and nothing in another one. */
static void
miss_collection (GTask *task)
{
  TaKeyring *keyring = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);

  if ((find->flags & TA_FIND_CREATE) && (find->flags & TA_FIND_PROMPT) && !find->created)
    {
      find->created = TRUE;
      ta_deadline_restart (find->deadline, TA_UNLOCKER_TIMEOUT + TA_KEYRING_TIMEOUT);
      ta_unlocker_unlock_async (ta_keyring_get_unlocker (keyring), find->service, NULL,
                                ta_deadline_get_cancellable (find->deadline), create_cb, task);
      return;
    }
  if (find->flags & TA_FIND_CREATE)
    g_task_return_new_error (task, TA_ERROR, TA_ERROR_STORAGE_UNAVAILABLE,
                             "There is no default keyring: create one, or sign in again");
  else
    g_task_return_pointer (task, g_ptr_array_new (), (GDestroyNotify) g_ptr_array_unref);
  g_object_unref (task);
}

static void find_collection (GTask *task);

/* Whether what was found without a look at the default collection is all that is wanted. `items`
 * (nullable). */
static gboolean
is_enough (const Find *find, GPtrArray *items)
{
  gboolean is_whole = items != NULL && (items->len > 0 || (find->flags & TA_FIND_AT_ONCE));

  for (guint i = 0; is_whole && i < items->len && (find->flags & TA_FIND_SECRETS); i++)
    is_whole = ((const TaStoreItem *) items->pdata[i])->secret != NULL;
  return is_whole;
}

static void
search_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Find *find = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items = ta_search_finish (SECRET_SERVICE (source), result, &error);

  if (find->is_quick && !is_enough (find, items))
    {
      find->is_quick = FALSE;
      find_collection (task);
    }
  else if (items == NULL)
    fail (task, error);
  else if (items->len == 0 && find->collection == NULL)
    miss_collection (task);
  else
    {
      g_task_return_pointer (task, g_steal_pointer (&items), (GDestroyNotify) g_ptr_array_unref);
      g_object_unref (task);
    }
}

static void
search (GTask *task)
{
  Find *find = g_task_get_task_data (task);
  TaSearchSecrets secrets = TA_SEARCH_NO_SECRETS;

  /* What is no text through a second session either is damaged. */
  if (find->flags & TA_FIND_SECRETS)
    secrets = find->retried ? TA_SEARCH_SOME_SECRETS : TA_SEARCH_ALL_SECRETS;
  ta_search_async (find->service, find->collection, find->schema, find->attributes, secrets,
                   ta_deadline_get_cancellable (find->deadline), search_cb, task);
}

static void
fail_locked (GTask *task)
{
  g_autoptr (GError) error = g_error_new_literal (SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "Locked");

  fail (task, error);
}

static void
unlock_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Find *find = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  ta_deadline_restart (find->deadline, TA_KEYRING_TIMEOUT);
  if (ta_unlocker_unlock_finish (TA_UNLOCKER (source), result, &error))
    search (task);
  else
    fail (task, error);
}

/* While the user is asked, the time of the service itself stands still. */
static void
unlock (GTask *task)
{
  TaKeyring *keyring = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);

  if (find->collection == NULL || !find->is_locked)
    search (task);
  else if (find->flags & TA_FIND_PROMPT)
    {
      const char *paths[] = { find->collection, NULL };

      ta_deadline_restart (find->deadline, TA_UNLOCKER_TIMEOUT + TA_KEYRING_TIMEOUT);
      ta_unlocker_unlock_async (ta_keyring_get_unlocker (keyring), find->service, paths,
                                ta_deadline_get_cancellable (find->deadline), unlock_cb, task);
    }
  else
    fail_locked (task);
}

static void
collection_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Find *find = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  find->collection
      = ta_collection_find_finish (SECRET_SERVICE (source), result, &find->is_locked, &error);
  if (error != NULL)
    {
      fail (task, error);
      return;
    }
  ta_keyring_note_collection (g_task_get_source_object (task), find->collection);
  unlock (task);
}

static void
find_collection (GTask *task)
{
  Find *find = g_task_get_task_data (task);

  ta_collection_find_async (find->service, ta_deadline_get_cancellable (find->deadline),
                            collection_cb, task);
}

static void
look_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Find *find = g_task_get_task_data (task);
  gboolean is_locked;

  find->is_quick = ta_collection_look_finish (source, result, &is_locked, NULL) && !is_locked;
  if (find->is_quick)
    search (task);
  else
    find_collection (task);
}

static void
begin (GTask *task)
{
  Find *find = g_task_get_task_data (task);
  const char *known = ta_keyring_get_collection (g_task_get_source_object (task));

  find->is_quick = find->is_quick && known != NULL;
  if (find->is_quick)
    ta_collection_look_async (find->service, known, ta_deadline_get_cancellable (find->deadline),
                              look_cb, task);
  else
    find_collection (task);
}

static void
open_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Find *find = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  g_clear_object (&find->service);
  find->service = ta_keyring_open_finish (TA_KEYRING (source), result, &error);
  if (find->service == NULL)
    fail (task, error);
  else
    begin (task);
}

static void
open_service (GTask *task)
{
  Find *find = g_task_get_task_data (task);

  ta_keyring_open_async (g_task_get_source_object (task),
                         ta_deadline_get_cancellable (find->deadline), open_cb, task);
}

/* Finds the items of a schema that have all of `attributes`, with their secrets. `deadline` must
 * live until the callback.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_find_async (TaKeyring *keyring, const SecretSchema *schema, GHashTable *attributes,
               TaFindFlags flags, TaDeadline *deadline, GAsyncReadyCallback callback,
               gpointer user_data)
{
  GTask *task = g_task_new (keyring, NULL, callback, user_data);
  Find *find = g_new0 (Find, 1);

  g_task_set_source_tag (task, ta_find_async);
  find->schema = schema;
  find->attributes = g_hash_table_ref (attributes);
  find->flags = flags;
  find->is_quick = g_hash_table_size (attributes) > 0 || (flags & TA_FIND_AT_ONCE);
  find->deadline = deadline;
  g_task_set_task_data (task, find, (GDestroyNotify) find_free);
  open_service (task);
}

/* (transfer full) (element-type TaStoreItem): empty: there are none. `service` is NULL if it could
 * not be opened. `collection`: a path, NULL only if items were found, or if there is none and it
 * was not asked for. */
GPtrArray *
ta_find_finish (TaKeyring *keyring, GAsyncResult *result, SecretService **service,
                char **collection, GError **error)
{
  Find *find;

  g_return_val_if_fail (g_task_is_valid (result, keyring), NULL);
  find = g_task_get_task_data (G_TASK (result));
  *service = g_steal_pointer (&find->service);
  *collection = g_steal_pointer (&find->collection);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-load.h"

#include "base/ta-error.h"
#include "io/ta-find.h"
#include "io/ta-keyring-error.h"
#include "io/ta-locked.h"
#include "io/ta-store-item.h"

/* Reading all items of a kind, in the order the functions stand below, from the last one up: find
 * them -> which collections are locked? -> if the user may be asked: unlock those, and once more.
 * Items lie in other collections than the default one because that was another once. Those may stay
 * locked for good, so what was found counts without them; but then it is partial, and what was not
 * found is not known to be absent. */

typedef struct
{
  const SecretSchema *schema; /* (unowned): static */
  TaLoadPrompt prompt;
  TaDeadline *deadline;   /* (unowned): outlives the task */
  SecretService *service; /* (owned) (nullable) */
  GPtrArray *items;       /* (owned) (nullable) (element-type TaStoreItem): found */
  GError *error;          /* (owned) (nullable): why not */
  gboolean is_partial;
  gboolean asked;
} Load;

static void find (GTask *task);

static void
forget (Load *load)
{
  g_clear_pointer (&load->items, g_ptr_array_unref);
  g_clear_object (&load->service);
  g_clear_error (&load->error);
}

static void
load_free (Load *load)
{
  forget (load);
  g_free (load);
}

/* Leaves out what has no id, and gives each of the others a secret. */
static void
tidy (GPtrArray *items)
{
  for (guint i = items->len; i > 0; i--)
    {
      TaStoreItem *item = items->pdata[i - 1];

      if (item->id == NULL)
        g_ptr_array_remove_index (items, i - 1);
      else if (item->secret == NULL)
        item->secret = ta_secret_new ("");
    }
}

/* Takes the task. */
static void
finish (GTask *task)
{
  Load *load = g_task_get_task_data (task);

  if (load->error != NULL)
    g_task_return_error (task, g_steal_pointer (&load->error));
  else
    {
      tidy (load->items);
      g_task_return_pointer (task, g_steal_pointer (&load->items),
                             (GDestroyNotify) g_ptr_array_unref);
    }
  g_object_unref (task);
}

/* Some may stay locked. What was found before counts on if it could be read. */
static void
unlock_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Load *load = g_task_get_task_data (task);

  ta_deadline_restart (load->deadline, TA_KEYRING_TIMEOUT);
  if (ta_unlocker_unlock_finish (TA_UNLOCKER (source), result, NULL) || load->error == NULL)
    find (task);
  else
    finish (task);
}

static void
locked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TaKeyring *keyring = g_task_get_source_object (task);
  Load *load = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) paths = ta_locked_find_finish (SECRET_SERVICE (source), result, &error);

  load->is_partial = paths == NULL || paths[0] != NULL;
  if (error != NULL && load->error == NULL && load->items->len == 0)
    load->error = ta_keyring_error_translate (error, load->deadline);
  if (error != NULL || !load->is_partial || load->prompt != TA_LOAD_PROMPT_ALL || load->asked)
    {
      finish (task);
      return;
    }
  load->asked = TRUE;
  ta_deadline_restart (load->deadline, TA_UNLOCKER_TIMEOUT + TA_KEYRING_TIMEOUT);
  ta_unlocker_unlock_async (ta_keyring_get_unlocker (keyring), load->service,
                            (const char *const *) paths,
                            ta_deadline_get_cancellable (load->deadline), unlock_cb, task);
}

/* Items that are locked although the default collection is not lie in another one. */
static void
find_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Load *load = g_task_get_task_data (task);
  g_autofree char *collection = NULL;
  gboolean may_ask;

  load->items
      = ta_find_finish (TA_KEYRING (source), result, &load->service, &collection, &load->error);
  may_ask = load->prompt == TA_LOAD_PROMPT_ALL && load->service != NULL
            && g_error_matches (load->error, TA_ERROR, TA_ERROR_STORAGE_LOCKED);
  load->is_partial = load->prompt == TA_LOAD_AT_ONCE;
  if (load->is_partial || (load->error != NULL && !may_ask))
    finish (task);
  else
    ta_locked_find_async (load->service, ta_deadline_get_cancellable (load->deadline), locked_cb,
                          task);
}

static void
find (GTask *task)
{
  Load *load = g_task_get_task_data (task);
  g_autoptr (GHashTable) attributes = g_hash_table_new (g_str_hash, g_str_equal);
  TaFindFlags flags = TA_FIND_SECRETS;

  forget (load);
  if (load->prompt == TA_LOAD_AT_ONCE)
    flags |= TA_FIND_AT_ONCE;
  else if (load->prompt != TA_LOAD_PROMPT_NEVER && !load->asked)
    flags |= TA_FIND_PROMPT;
  ta_find_async (g_task_get_source_object (task), load->schema, attributes, flags, load->deadline,
                 find_cb, task);
}

/* Finds the items of a schema, with their secrets. `deadline` must live until the callback.
 * Errors: TA_ERROR_STORAGE_LOCKED: of the default collection, or of all that was found;
 * TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_load_async (TaKeyring *keyring, const SecretSchema *schema, TaLoadPrompt prompt,
               TaDeadline *deadline, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (keyring, NULL, callback, user_data);
  Load *load = g_new0 (Load, 1);

  g_task_set_source_tag (task, ta_load_async);
  load->schema = schema;
  load->prompt = prompt;
  load->deadline = deadline;
  g_task_set_task_data (task, load, (GDestroyNotify) load_free);
  find (task);
}

/* (transfer full) (element-type TaStoreItem): empty: there are none. Each has its id, and a secret,
 * which is empty if it is no text. `is_partial`: there may be more, in a collection that is locked.
 */
GPtrArray *
ta_load_finish (TaKeyring *keyring, GAsyncResult *result, gboolean *is_partial, GError **error)
{
  Load *load;

  g_return_val_if_fail (g_task_is_valid (result, keyring), NULL);
  load = g_task_get_task_data (G_TASK (result));
  *is_partial = load->is_partial;
  return g_task_propagate_pointer (G_TASK (result), error);
}

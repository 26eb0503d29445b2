/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-delete.h"

#include "base/ta-error.h"
#include "io/ta-prompt.h"
#include "io/ta-store-item.h"

/* Deleting one item: find it, in whatever collection it lies -> delete what was found. */

typedef struct
{
  TaFindFlags flags;
  TaDeadline *deadline;   /* (unowned): outlives the task */
  SecretService *service; /* (owned) (nullable) */
  GPtrArray *items;       /* (owned) (nullable) (element-type TaStoreItem) */
  guint n_begun;          /* of these */
} Delete;

static void
delete_free (Delete *self)
{
  g_clear_object (&self->service);
  g_clear_pointer (&self->items, g_ptr_array_unref);
  g_free (self);
}

/* Takes the task. */
static void delete_next (GTask *task);

static void
delete_item_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  gboolean dismissed;
  GError *error = NULL;

  if (ta_prompt_call_finish (SECRET_SERVICE (source), result, &dismissed, &error) && dismissed)
    error = g_error_new_literal (TA_ERROR, TA_ERROR_STORAGE_UNAVAILABLE,
                                 "The keyring did not delete the item: allow it when it asks");
  if (error == NULL)
    delete_next (g_steal_pointer (&task));
  else
    g_task_return_error (task, error);
}

static void
delete_next (GTask *task)
{
  Delete *self = g_task_get_task_data (task);
  const TaStoreItem *item;

  if (self->n_begun == self->items->len)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  item = self->items->pdata[self->n_begun++];
  ta_prompt_call_async (self->service, item->path, "org.freedesktop.Secret.Item", "Delete", NULL,
                        self->deadline,
                        (self->flags & TA_FIND_PROMPT) ? TA_PROMPT_TIMEOUT : TA_KEYRING_TIMEOUT,
                        delete_item_cb, task);
}

static void
find_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Delete *self = g_task_get_task_data (task);
  g_autofree char *collection = NULL;
  GError *error = NULL;

  self->items = ta_find_finish (TA_KEYRING (source), result, &self->service, &collection, &error);
  if (self->items != NULL)
    delete_next (g_steal_pointer (&task));
  else
    g_task_return_error (task, error);
}

/* Deletes the item whose first attribute of the schema is `id`; that there is none is no error.
 * `deadline` must live until the callback.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED; others: the
 * Secret Service failed. */
void
ta_delete_async (TaKeyring *keyring, const SecretSchema *schema, const char *id, TaFindFlags flags,
                 TaDeadline *deadline, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (keyring, NULL, callback, user_data);
  g_autoptr (GHashTable) attributes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  Delete *self = g_new0 (Delete, 1);

  g_task_set_source_tag (task, ta_delete_async);
  self->flags = flags;
  self->deadline = deadline;
  g_task_set_task_data (task, self, (GDestroyNotify) delete_free);
  g_hash_table_insert (attributes, (char *) schema->attributes[0].name, g_strdup (id));
  ta_find_async (keyring, schema, attributes, flags, deadline, find_cb, task);
}

gboolean
ta_delete_finish (TaKeyring *keyring, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, keyring), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

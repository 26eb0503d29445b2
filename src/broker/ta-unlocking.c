/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-unlocking.h"

/* Has the user unlock where an account lies, in the order the functions stand below, from the last
 * one up: the default keyring -> is its item there, now that this can be seen? -> if not, all that
 * are still locked. Who has another keyring that is always locked is not asked for that as well. */

static void
load_all_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items = ta_store_load_finish (TA_STORE (source), result, NULL, &error);

  if (items != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TaKeeper *keeper = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  gboolean is_partial;
  g_autoptr (GPtrArray) items
      = ta_store_load_finish (TA_STORE (source), result, &is_partial, &error);

  if (items == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (is_partial && !ta_keeper_is_unsaved (keeper)
           && !ta_store_item_is_among (items, ta_keeper_get_item_id (keeper)))
    ta_store_load_async (TA_STORE (source), TA_STORE_ACCOUNT, TA_LOAD_PROMPT_ALL,
                         g_task_get_cancellable (task), load_all_cb, g_object_ref (task));
  else
    g_task_return_boolean (task, TRUE);
}

/* Errors: TA_ERROR_STORAGE_LOCKED: the user turned it down, or nobody answered;
 * TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_unlocking_async (TaParts *parts, TaKeeper *keeper, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (keeper, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_unlocking_async);
  ta_store_load_async (parts->store, TA_STORE_ACCOUNT, TA_LOAD_PROMPT_DEFAULT, cancellable, load_cb,
                       task);
}

gboolean
ta_unlocking_finish (TaKeeper *keeper, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, keeper), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

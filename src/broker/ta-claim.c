/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-claim.h"

/* Several brokers may share one keyring: two sessions of a user, or a session and a container. Who
 * wants to change what is stored of an account first takes its lock, then looks at what the others
 * did meanwhile. */

typedef struct
{
  TaStore *store; /* (owned) */
  gboolean may_prompt;
  TaLock *lock; /* (owned) (nullable) */
} Call;

static void
call_free (Call *call)
{
  g_object_unref (call->store);
  g_clear_pointer (&call->lock, ta_lock_free);
  g_free (call);
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  GPtrArray *items = ta_store_load_finish (TA_STORE (source), result, &error);
  TaClaim *claim;

  if (items == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  ta_keeper_review (g_task_get_source_object (task), items);
  claim = g_new0 (TaClaim, 1);
  claim->lock = g_steal_pointer (&call->lock);
  claim->items = items;
  g_task_return_pointer (task, claim, (GDestroyNotify) ta_claim_free);
}

static void
lock_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  call->lock = ta_lock_take_finish (result, &error);
  if (call->lock == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    ta_store_load_async (call->store, TA_STORE_ACCOUNT, call->may_prompt, NULL, load_cb,
                         g_steal_pointer (&task));
}

/* Takes the lock and lets the keeper review its item. `may_prompt`: the user may be asked to unlock
 * the keyring.
 * Errors: TA_ERROR_BUSY, TA_ERROR_FAILED, TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE. */
void
ta_claim_async (TaParts *parts, TaKeeper *keeper, gboolean may_prompt, GAsyncReadyCallback callback,
                gpointer user_data)
{
  GTask *task = g_task_new (keeper, NULL, callback, user_data);
  Call *call = g_new0 (Call, 1);

  g_task_set_source_tag (task, ta_claim_async);
  call->store = g_object_ref (parts->store);
  call->may_prompt = may_prompt;
  g_task_set_task_data (task, call, (GDestroyNotify) call_free);
  ta_lock_take_async (ta_keeper_get_record (keeper)->account, lock_cb, task);
}

/* (transfer full) */
TaClaim *
ta_claim_finish (TaKeeper *keeper, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, keeper), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
ta_claim_free (TaClaim *self)
{
  ta_lock_free (self->lock);
  g_ptr_array_unref (self->items);
  g_free (self);
}

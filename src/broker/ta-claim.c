/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-claim.h"

#include "base/ta-error.h"
#include "broker/ta-missing.h"
#include "oauth/ta-record-text.h"

/* Several brokers may share one keyring: two sessions of a user, or a session and a container. Who
 * wants to change what is stored of an account first takes its lock, then looks at what the others
 * did meanwhile. Who signs the account out leaves the item's id with the lock: so another broker
 * that still knows the account can tell a sign-out, which counts for it too, from an item that was
 * deleted by mistake, which is made anew. To refresh one, its own item is enough as long as it is
 * the only one of the account and no other one came or went since all were looked at; before a
 * refusal is believed, all are.
 *
 * As long as what counts is not stored, the lock stays with this process: what the others can read
 * is a refresh token that was replaced, and a provider may end a login for which one comes back. It
 * lies with the keeper then, for the next claim, or for one that waits for a lock already. */

/* Seconds. A refresh holds the claim for as long as a request and three writes may take. */
#define TIMEOUT 15
#define SAVE_TIMEOUT 90

typedef struct
{
  TaStore *store;   /* (owned) */
  TaKeeper *keeper; /* (owned) */
  TaClaimPurpose purpose;
  TaLock *lock;            /* (owned) (nullable) */
  GError *lock_error;      /* (owned) (nullable): why there is none */
  GCancellable *is_served; /* (owned): there is one, so none is waited for any more */
  gulong left_handler;
} Call;

/* Takes the lock (nullable). */
static void
release (TaKeeper *keeper, TaLock *lock)
{
  TaLock **spare = ta_keeper_get_spare_lock (keeper);

  if (lock == NULL || !ta_keeper_is_unsaved (keeper) || *spare != NULL)
    {
      g_clear_pointer (&lock, ta_lock_free);
      return;
    }
  *spare = lock;
  g_signal_emit_by_name (keeper, "lock-left");
}

static void
call_free (Call *call)
{
  release (call->keeper, call->lock);
  g_clear_error (&call->lock_error);
  g_object_unref (call->is_served);
  g_object_unref (call->keeper);
  g_object_unref (call->store);
  g_free (call);
}

static gboolean
is_signed_out (TaLock *lock, TaKeeper *keeper)
{
  return lock != NULL && ta_lock_has_note (lock, ta_keeper_get_item_id (keeper));
}

/* Takes note that another session signed the account out. */
static GError *
end_account (TaKeeper *keeper)
{
  g_signal_emit_by_name (keeper, "signed-out");
  return g_error_new_literal (TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                              "This account was signed out in another session: sign in again");
}

/* Whether it is no wonder that there is no item of the account: none was written yet. */
static gboolean
may_be_new (const Call *call, TaKeeper *keeper)
{
  return call->purpose == TA_CLAIM_SIGN_IN || ta_keeper_is_unsaved (keeper);
}

static void
conclude (GTask *task, GPtrArray *items, gboolean is_partial)
{
  TaKeeper *keeper = g_task_get_source_object (task);
  Call *call = g_task_get_task_data (task);
  gboolean is_missing = FALSE;
  TaClaim *claim;

  if (call->lock == NULL && call->purpose != TA_CLAIM_SIGN_OUT)
    {
      g_task_return_error (task, g_steal_pointer (&call->lock_error));
      return;
    }
  ta_keeper_review (keeper, items, &is_missing);
  if (is_missing && is_partial && !may_be_new (call, keeper))
    {
      g_task_return_error (task, ta_missing_create_locked_error ());
      return;
    }
  if (is_missing && call->purpose != TA_CLAIM_SIGN_OUT && call->purpose != TA_CLAIM_SIGN_IN
      && is_signed_out (call->lock, keeper))
    {
      g_task_return_error (task, end_account (keeper));
      return;
    }
  if (is_missing && call->purpose != TA_CLAIM_SIGN_OUT && !may_be_new (call, keeper))
    g_message ("Another program deleted the item of an account: it is kept anew");
  claim = g_new0 (TaClaim, 1);
  claim->keeper = g_object_ref (keeper);
  claim->lock = g_steal_pointer (&call->lock);
  claim->items = g_ptr_array_ref (items);
  claim->was_left = is_signed_out (claim->lock, keeper);
  g_task_return_pointer (task, claim, (GDestroyNotify) ta_claim_free);
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  gboolean is_partial;
  g_autoptr (GPtrArray) items
      = ta_store_load_finish (TA_STORE (source), result, &is_partial, &error);

  if (items != NULL)
    conclude (task, items, is_partial);
  else
    g_task_return_error (task, error);
}

/* Whether the item alone tells nothing: another one may have the account's record. */
static gboolean
is_damaged (TaKeeper *keeper, const TaStoreItem *item)
{
  g_autoptr (TaRecord) stored = ta_record_text_parse (ta_secret_peek (item->secret), NULL);

  return stored == NULL || !g_str_equal (stored->account, ta_keeper_get_record (keeper)->account);
}

static void
look_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TaKeeper *keeper = g_task_get_source_object (task);
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean is_partial;
  g_autoptr (GPtrArray) items
      = ta_store_load_finish (TA_STORE (source), result, &is_partial, &error);

  if (items == NULL)
    g_task_return_error (task, error);
  else if (items->len == 1 && is_damaged (keeper, items->pdata[0]))
    ta_store_load_async (call->store, TA_STORE_ACCOUNT, TA_LOAD_PROMPT_NEVER, NULL, load_cb,
                         g_steal_pointer (&task));
  else
    conclude (task, items, is_partial);
}

/* Takes the task. A sign-out that came before a sign-in does not count for it, whether that can be
 * stored now or not. If nobody has been able to store because the keyring is locked, that is what
 * has to be told: the user can be asked here as well as where the lock is held. */
static void
look (GTask *task)
{
  g_autoptr (GTask) owned = task;
  Call *call = g_task_get_task_data (task);

  if (call->purpose == TA_CLAIM_SIGN_IN)
    ta_lock_strike (ta_keeper_get_record (call->keeper)->account,
                    ta_keeper_get_item_id (call->keeper));
  if (g_error_matches (call->lock_error, TA_ERROR, TA_ERROR_FAILED)
      && call->purpose != TA_CLAIM_SIGN_OUT)
    g_task_return_error (task, g_steal_pointer (&call->lock_error));
  else if (call->lock != NULL && call->purpose == TA_CLAIM_REFRESH
           && !ta_keeper_has_others (call->keeper))
    ta_store_look_async (call->store, TA_STORE_ACCOUNT, ta_keeper_get_item_id (call->keeper), NULL,
                         look_cb, g_steal_pointer (&owned));
  else
    ta_store_load_async (call->store, TA_STORE_ACCOUNT, TA_LOAD_PROMPT_NEVER, NULL, load_cb,
                         g_steal_pointer (&owned));
}

static void
lock_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Call *call = g_task_get_task_data (task);

  g_clear_signal_handler (&call->left_handler, call->keeper);
  if (call->lock == NULL)
    call->lock = ta_lock_take_finish (result, &call->lock_error);
  look (task);
}

/* The lock that was left with the keeper. One whose file was removed protects nothing. */
static void
take_spare (Call *call)
{
  const char *name = ta_keeper_get_record (call->keeper)->account;
  TaLock **spare = ta_keeper_get_spare_lock (call->keeper);

  if (*spare != NULL && !ta_lock_is_in_place (*spare, name))
    g_clear_pointer (spare, ta_lock_free);
  if (call->lock == NULL)
    call->lock = g_steal_pointer (spare);
}

static void
on_lock_left (TaKeeper *keeper, Call *call)
{
  take_spare (call);
  if (call->lock != NULL)
    g_cancellable_cancel (call->is_served);
}

/* Takes the lock and lets the keeper review its item.
 * Errors: TA_ERROR_BUSY, TA_ERROR_FAILED (the lock, but not to sign out); TA_ERROR_STORAGE_LOCKED,
 * TA_ERROR_STORAGE_UNAVAILABLE; TA_ERROR_NO_SUCH_ACCOUNT: it was signed out elsewhere. */
void
ta_claim_async (TaParts *parts, TaKeeper *keeper, TaClaimPurpose purpose,
                GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (keeper, NULL, callback, user_data);
  Call *call = g_new0 (Call, 1);
  gboolean is_patient = purpose == TA_CLAIM_SAVE || purpose == TA_CLAIM_SIGN_IN;

  g_task_set_source_tag (task, ta_claim_async);
  call->store = g_object_ref (parts->store);
  call->keeper = g_object_ref (keeper);
  call->purpose = purpose;
  call->is_served = g_cancellable_new ();
  g_task_set_task_data (task, call, (GDestroyNotify) call_free);
  take_spare (call);
  if (call->lock != NULL)
    {
      look (task);
      return;
    }
  call->left_handler = g_signal_connect (keeper, "lock-left", G_CALLBACK (on_lock_left), call);
  ta_lock_take_async (ta_keeper_get_record (keeper)->account, is_patient ? SAVE_TIMEOUT : TIMEOUT,
                      call->is_served, lock_cb, task);
}

/* (transfer full) */
TaClaim *
ta_claim_finish (TaKeeper *keeper, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, keeper), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Tells the other brokers that the account is being signed out. */
void
ta_claim_sign_out (TaClaim *self)
{
  ta_lock_note (ta_keeper_get_record (self->keeper)->account, ta_keeper_get_item_id (self->keeper));
}

/* Whether another broker, which did not wait for this claim to end, signed the account out
 * meanwhile: TA_ERROR_NO_SUCH_ACCOUNT. */
gboolean
ta_claim_check (TaClaim *self, GError **error)
{
  if (self->was_left || !is_signed_out (self->lock, self->keeper))
    return TRUE;
  g_propagate_error (error, end_account (self->keeper));
  return FALSE;
}

void
ta_claim_free (TaClaim *self)
{
  release (self->keeper, self->lock);
  g_object_unref (self->keeper);
  g_ptr_array_unref (self->items);
  g_free (self);
}

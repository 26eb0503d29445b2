/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-out.h"

#include "base/ta-error.h"
#include "broker/ta-revocation.h"
#include "oauth/ta-record-text.h"

/* Signing out, in the order the functions stand below: find the account -> it comes to rest and its
 * item is claimed (what cannot be deleted afterwards is not revoked) -> revoke -> delete. */

typedef struct
{
  char *id;            /* (owned) */
  TaSignIns *sign_ins; /* (owned) */
  TaAccount *account;  /* (owned) (nullable) */
  TaClaim *claim;      /* (owned) (nullable): of its item */
  GQueue item_ids;     /* (owned): every item of the account, still to be deleted */
  gboolean revoked;
} SignOut;

static void
sign_out_free (SignOut *sign_out)
{
  g_free (sign_out->id);
  g_object_unref (sign_out->sign_ins);
  g_clear_pointer (&sign_out->claim, ta_claim_free);
  g_clear_object (&sign_out->account);
  g_queue_clear_full (&sign_out->item_ids, g_free);
  g_free (sign_out);
}

static TaParts *
get_parts (GTask *task)
{
  return ta_accounts_get_parts (g_task_get_source_object (task));
}

static void
fail (GTask *task, GError *error)
{
  SignOut *sign_out = g_task_get_task_data (task);

  ta_account_reinstate (sign_out->account);
  g_task_return_error (task, error);
}

static void delete_next (GTask *task);

static void
delete_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (ta_store_delete_finish (TA_STORE (source), result, &error))
    delete_next (g_steal_pointer (&task));
  else
    fail (task, g_steal_pointer (&error));
}

/* Takes the task. */
static void
delete_next (GTask *task)
{
  g_autoptr (GTask) owned = task;
  SignOut *sign_out = g_task_get_task_data (task);
  TaStore *store = get_parts (task)->store;
  g_autofree char *item_id = g_queue_pop_head (&sign_out->item_ids);

  if (item_id == NULL)
    {
      ta_accounts_remove (g_task_get_source_object (task), sign_out->account);
      g_task_return_boolean (task, TRUE);
      return;
    }
  ta_store_delete_async (store, TA_STORE_ACCOUNT, item_id, FALSE, NULL, delete_cb,
                         g_steal_pointer (&owned));
}

static void
revoke_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  SignOut *sign_out = g_task_get_task_data (task);

  sign_out->revoked = ta_revocation_finish (get_parts (task), result);
  delete_next (task);
}

static void
retire_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SignOut *sign_out = g_task_get_task_data (task);
  TaParts *parts = get_parts (task);
  const char *id = ta_account_get_id (sign_out->account);
  TaRecord *held = ta_account_get_record (sign_out->account);
  g_autoptr (GError) error = NULL;

  sign_out->claim = ta_account_retire_finish (TA_ACCOUNT (source), result, &error);
  if (sign_out->claim == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  for (guint i = 0; i < sign_out->claim->items->len; i++)
    {
      TaStoreItem *item = sign_out->claim->items->pdata[i];
      g_autoptr (TaRecord) record = ta_record_text_parse (ta_secret_peek (item->secret), NULL);

      if (record != NULL && g_str_equal (record->account, id))
        g_queue_push_tail (&sign_out->item_ids, g_strdup (item->id));
    }
  ta_revocation_async (parts, held->provider, held->server, held->token, revoke_cb,
                       g_steal_pointer (&task));
}

/* A sign-in that waits for the user is given up; one that has its code already would sign the
 * account in again behind our back. */
static gboolean
end_sign_in (SignOut *sign_out, TaAccount *account, GError **error)
{
  TaSignIn *running = ta_sign_ins_find (sign_out->sign_ins, ta_account_get_id (account));

  if (running != NULL && ta_sign_in_get_status (running)->state == TA_SIGN_IN_EXCHANGING)
    {
      g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_IN_PROGRESS,
                           "A sign-in of this account is just being completed: try again in a "
                           "moment");
      return FALSE;
    }
  if (running != NULL)
    ta_sign_in_cancel (running);
  return TRUE;
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TaAccounts *accounts = TA_ACCOUNTS (source);
  SignOut *sign_out = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  TaAccount *account = NULL;

  if (ta_accounts_load_finish (accounts, result, &error))
    account = ta_accounts_find (accounts, sign_out->id, &error);
  if (account == NULL || !end_sign_in (sign_out, account, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  sign_out->account = g_object_ref (account);
  ta_account_retire_async (account, retire_cb, g_steal_pointer (&task));
}

/* Revokes what the account holds, best effort, and deletes it; empty `id`: the default account.
 * Errors: TA_ERROR_NO_SUCH_ACCOUNT, TA_ERROR_SIGN_IN_IN_PROGRESS, TA_ERROR_STORAGE_CORRUPT,
 * TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE. */
void
ta_sign_out_async (TaAccounts *accounts, TaSignIns *sign_ins, const char *id,
                   GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (accounts, NULL, callback, user_data);
  SignOut *sign_out = g_new0 (SignOut, 1);

  g_task_set_source_tag (task, ta_sign_out_async);
  sign_out->id = g_strdup (id);
  sign_out->sign_ins = g_object_ref (sign_ins);
  g_queue_init (&sign_out->item_ids);
  g_task_set_task_data (task, sign_out, (GDestroyNotify) sign_out_free);
  ta_accounts_load_async (accounts, id, FALSE, load_cb, task);
}

/* `revoked`: whether the provider confirmed it. */
gboolean
ta_sign_out_finish (TaAccounts *accounts, GAsyncResult *result, gboolean *revoked, GError **error)
{
  SignOut *sign_out;

  g_return_val_if_fail (g_task_is_valid (result, accounts), FALSE);
  sign_out = g_task_get_task_data (G_TASK (result));
  *revoked = sign_out->revoked;
  return g_task_propagate_boolean (G_TASK (result), error);
}

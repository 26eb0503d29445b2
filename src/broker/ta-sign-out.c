/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-out.h"

#include "base/ta-error.h"
#include "broker/ta-revocation.h"
#include "oauth/ta-record-text.h"

/* Signing out, in the order the functions stand below, from the last one up: find the account -> it
 * comes to rest and its item is claimed (what cannot be deleted afterwards is not revoked) ->
 * revoke
 * -> delete. When the process is to end there is no time for the provider: what was begun is
 * deleted at once. Whoever waits is answered in any case, and before the end. */

/* From the first word of the end, ms; the process has half a second more. */
#define LAST_CALL_MS 3500

typedef struct
{
  char *id;            /* (owned) */
  TaSignIns *sign_ins; /* (owned) */
  TaAccount *account;  /* (owned) (nullable) */
  TaClaim *claim;      /* (owned) (nullable): of its item */
  GQueue item_ids;     /* (owned): every item of the account, still to be deleted */
  gboolean has_others; /* of another login than the one that counts */
  gboolean revoked;
  GCancellable *hurry;  /* (owned): cancelled when there is no time for the provider */
  GCancellable *ending; /* (owned): of the process */
  gulong ending_handler;
  guint last_call;
  gboolean is_answered;
} SignOut;

static void
sign_out_free (SignOut *sign_out)
{
  g_free (sign_out->id);
  g_object_unref (sign_out->sign_ins);
  g_clear_pointer (&sign_out->claim, ta_claim_free);
  g_clear_object (&sign_out->account);
  g_queue_clear_full (&sign_out->item_ids, g_free);
  g_clear_handle_id (&sign_out->last_call, g_source_remove);
  g_clear_signal_handler (&sign_out->ending_handler, sign_out->ending);
  g_object_unref (sign_out->ending);
  g_object_unref (sign_out->hurry);
  g_free (sign_out);
}

static TaParts *
get_parts (GTask *task)
{
  return ta_accounts_get_parts (g_task_get_source_object (task));
}

/* Answers, unless that was done. Takes the error; NULL: it is signed out. */
static void
answer (GTask *task, GError *error)
{
  SignOut *sign_out = g_task_get_task_data (task);

  if (sign_out->is_answered)
    {
      g_clear_error (&error);
      return;
    }
  sign_out->is_answered = TRUE;
  g_clear_handle_id (&sign_out->last_call, g_source_remove);
  g_clear_signal_handler (&sign_out->ending_handler, sign_out->ending);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
fail (GTask *task, GError *error)
{
  SignOut *sign_out = g_task_get_task_data (task);

  ta_account_reinstate (sign_out->account);
  answer (task, error);
}

static GError *
create_ending_error (void)
{
  return g_error_new_literal (TA_ERROR, TA_ERROR_BUSY,
                              "The broker is being ended: see whether the account is still there, "
                              "and sign out again");
}

static gboolean
on_last_call (gpointer user_data)
{
  GTask *task = user_data;
  SignOut *sign_out = g_task_get_task_data (task);

  sign_out->last_call = 0;
  answer (task, create_ending_error ());
  return G_SOURCE_REMOVE;
}

static void
on_ending (GCancellable *ending, gpointer user_data)
{
  GTask *task = user_data;
  SignOut *sign_out = g_task_get_task_data (task);

  g_cancellable_cancel (sign_out->hurry);
  if (sign_out->account == NULL)
    answer (task, create_ending_error ());
  else
    sign_out->last_call = g_timeout_add (LAST_CALL_MS, on_last_call, task);
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
      answer (task, NULL);
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

  sign_out->revoked = ta_revocation_finish (get_parts (task), result) && !sign_out->has_others;
  delete_next (task);
}

/* An item in a keyring that was locked when the account was signed in anew is of an earlier login,
 * perhaps at another provider: it is given back as well, and nobody waits for that. */
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
      answer (task, g_steal_pointer (&error));
      return;
    }
  for (guint i = 0; i < sign_out->claim->items->len; i++)
    {
      TaStoreItem *item = sign_out->claim->items->pdata[i];
      g_autoptr (TaRecord) record = ta_record_text_parse (ta_secret_peek (item->secret), NULL);

      if (record == NULL || !g_str_equal (record->account, id))
        continue;
      g_queue_push_tail (&sign_out->item_ids, g_strdup (item->id));
      if (g_str_equal (record->provider, held->provider)
          && record->signed_in_at == held->signed_in_at)
        continue;
      sign_out->has_others = TRUE;
      ta_revocation_async (parts, record->provider, record->server, record->token, NULL, NULL,
                           NULL);
    }
  ta_revocation_async (parts, held->provider, held->server, held->token, sign_out->hurry, revoke_cb,
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

  if (sign_out->is_answered)
    return;
  if (ta_accounts_load_finish (accounts, result, &error))
    account = ta_accounts_find (accounts, sign_out->id, &error);
  if (account == NULL || !end_sign_in (sign_out, account, &error))
    {
      answer (task, g_steal_pointer (&error));
      return;
    }
  sign_out->account = g_object_ref (account);
  ta_account_retire_async (account, retire_cb, g_steal_pointer (&task));
}

/* Revokes what the account holds, best effort, and deletes it; empty `id`: the default account.
 * Errors: TA_ERROR_NO_SUCH_ACCOUNT, TA_ERROR_SIGN_IN_IN_PROGRESS, TA_ERROR_STORAGE_CORRUPT,
 * TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, TA_ERROR_BUSY. */
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
  sign_out->hurry = g_cancellable_new ();
  sign_out->ending = g_object_ref (ta_accounts_get_parts (accounts)->ending);
  sign_out->ending_handler
      = g_signal_connect (sign_out->ending, "cancelled", G_CALLBACK (on_ending), task);
  g_task_set_task_data (task, sign_out, (GDestroyNotify) sign_out_free);
  if (g_cancellable_is_cancelled (sign_out->ending))
    answer (task, create_ending_error ());
  ta_accounts_load_async (accounts, id, FALSE, NULL, load_cb, task);
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

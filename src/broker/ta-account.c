/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-account.h"

#include "base/ta-error.h"
#include "broker/ta-expiry.h"
#include "broker/ta-saving.h"
#include "io/ta-clock.h"

/* One signed-in account: it joins a record that is kept, a token that is renewed, and the end of
 * both. What is refreshed and what is saved never meet: a refresh stores what is unsaved too, and a
 * refresh that ends after a newer sign-in is dropped. */

struct _TaAccount
{
  GObject parent_instance;

  TaParts *parts;     /* (owned) */
  TaKeeper *keeper;   /* (owned): of its record */
  TaRenewal *renewal; /* (owned): of its token */
  TaExpiry *expiry;   /* (owned): of a login that cannot be refreshed */
  guint n_savings;    /* that run */
  gboolean storage_locked;
  gboolean retired;  /* being signed out */
  GTask *retirement; /* (owned) (nullable): waits for the last refresh and write */
};

G_DEFINE_FINAL_TYPE (TaAccount, ta_account, G_TYPE_OBJECT)

static void check_retirement (TaAccount *self);

static void
emit_changed (TaAccount *self)
{
  g_signal_emit_by_name (self, "changed");
}

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TaAccount *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;

  self->n_savings--;
  if (ta_saving_finish (TA_KEEPER (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
  check_retirement (self);
}

/* NULL: what is unsaved. */
static void
save (TaAccount *self, TaRecord *record, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, ta_account_adopt_async);
  self->n_savings++;
  ta_saving_async (self->parts, self->keeper, record, saved_cb, task);
}

/* Tries at once to store what is not stored yet. A refresh will store it anyway. */
static void
flush (TaAccount *self)
{
  if (ta_keeper_is_unsaved (self->keeper) && !ta_renewal_is_refreshing (self->renewal)
      && self->n_savings == 0 && !self->retired)
    save (self, NULL, NULL, NULL);
}

static void
claim_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TaAccount *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  TaClaim *claim = ta_claim_finish (TA_KEEPER (source), result, &error);

  if (claim != NULL)
    ta_claim_sign_out (claim);
  if (claim != NULL)
    g_task_return_pointer (task, claim, (GDestroyNotify) ta_claim_free);
  else
    {
      ta_account_reinstate (self);
      g_task_return_error (task, g_steal_pointer (&error));
    }
}

static void
check_retirement (TaAccount *self)
{
  if (self->retirement == NULL || ta_renewal_is_refreshing (self->renewal) || self->n_savings > 0
      || ta_keeper_is_writing (self->keeper))
    return;
  ta_claim_async (self->parts, self->keeper, TA_CLAIM_SIGN_OUT, claim_cb,
                  g_steal_pointer (&self->retirement));
}

/* Gives out no more tokens, and is done when no refresh and no write is left: the record is the
 * last one then, and nothing will be stored any more.
 * Errors: TA_ERROR_NO_SUCH_ACCOUNT: it is retired already; those of ta_claim_async(). */
void
ta_account_retire_async (TaAccount *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  g_autoptr (GError) reason
      = g_error_new_literal (TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                             "This account is being signed out: sign in again afterwards");

  g_task_set_source_tag (task, ta_account_retire_async);
  if (self->retired)
    {
      g_task_return_new_error (task, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                               "This account is being signed out already");
      return;
    }
  self->retired = TRUE;
  ta_renewal_close (self->renewal, reason);
  self->retirement = g_steal_pointer (&task);
  check_retirement (self);
}

/* (transfer full): the account's item, to be deleted. */
TaClaim *
ta_account_retire_finish (TaAccount *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Takes a retirement back: it could not be signed out. */
void
ta_account_reinstate (TaAccount *self)
{
  self->retired = FALSE;
  ta_renewal_close (self->renewal, NULL);
  flush (self);
}

gboolean
ta_account_is_retired (TaAccount *self)
{
  return self->retired;
}

/* Takes over the record of a new sign-in. If it cannot be stored it counts all the same, and the
 * error says why.
 * Errors: those of ta_saving_async(). */
void
ta_account_adopt_async (TaAccount *self, TaRecord *record, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  save (self, record, callback, user_data);
}

gboolean
ta_account_adopt_finish (TaAccount *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* FALSE: it can be read again, so what is not stored yet is tried at once. */
void
ta_account_set_storage_locked (TaAccount *self, gboolean locked)
{
  gboolean is_news = self->storage_locked != locked;

  self->storage_locked = locked;
  if (is_news)
    emit_changed (self);
  if (locked)
    return;
  ta_renewal_resume (self->renewal);
  flush (self);
}

/* Takes notice of what the store has (nullable) (element-type TaStoreItem); NULL: it is locked.
 * `is_partial`: there may be more, which is. An item that is gone is kept anew, unless it turns out
 * then that another session signed the account out. */
void
ta_account_review (TaAccount *self, GPtrArray *items, gboolean is_partial)
{
  TaRecord *record = ta_keeper_get_record (self->keeper);
  gboolean is_hidden = items != NULL && !ta_keeper_is_unsaved (self->keeper)
                       && !ta_store_item_is_among (items, ta_keeper_get_item_id (self->keeper));

  if (is_hidden && !is_partial && !record->refused && !ta_renewal_is_refreshing (self->renewal)
      && !ta_keeper_is_writing (self->keeper))
    ta_keeper_hold (self->keeper, record);
  ta_account_set_storage_locked (self, items == NULL || (is_hidden && is_partial));
}

/* The store can be read again and has this record of the account. */
void
ta_account_offer (TaAccount *self, const char *item_id, TaRecord *stored)
{
  if (!ta_renewal_is_refreshing (self->renewal))
    ta_keeper_offer (self->keeper, item_id, stored);
}

/* What its tokens come from. Owned by the account. */
TaRenewal *
ta_account_get_renewal (TaAccount *self)
{
  return self->renewal;
}

/* Owned by the account. */
TaRecord *
ta_account_get_record (TaAccount *self)
{
  return ta_keeper_get_record (self->keeper);
}

const char *
ta_account_get_id (TaAccount *self)
{
  return ta_keeper_get_record (self->keeper)->account;
}

/* Whether its login is of no use only because its provider's file names another server. */
gboolean
ta_account_is_detached (TaAccount *self)
{
  return !ta_keeper_get_record (self->keeper)->refused && ta_renewal_is_detached (self->renewal);
}

/* The State of the D-Bus interface. */
const char *
ta_account_get_state (TaAccount *self)
{
  if (ta_record_is_ended (ta_keeper_get_record (self->keeper), FALSE, ta_clock_now ())
      || ta_renewal_is_detached (self->renewal))
    return "sign-in-required";
  if (ta_keeper_is_unsaved (self->keeper))
    return "unsaved";
  return self->storage_locked ? "storage-locked" : "ready";
}

/* Gives out no more tokens, because the process is going to end; what is not stored yet is tried at
 * once. */
void
ta_account_close (TaAccount *self)
{
  g_autoptr (GError) reason = g_error_new_literal (
      TA_ERROR, TA_ERROR_BUSY, "The broker is being ended: try again, which starts it anew");

  ta_renewal_close (self->renewal, reason);
  ta_keeper_hurry (self->keeper);
}

/* Whether the process may end without losing anything. */
gboolean
ta_account_is_settled (TaAccount *self)
{
  return !ta_renewal_is_refreshing (self->renewal) && self->n_savings == 0 && !self->retired
         && !ta_keeper_is_writing (self->keeper) && !ta_keeper_is_unsaved (self->keeper);
}

static void
on_kept (TaKeeper *keeper, TaAccount *self)
{
  ta_renewal_look (self->renewal);
  ta_expiry_watch (self->expiry, ta_keeper_get_record (keeper));
  emit_changed (self);
  check_retirement (self);
}

static void
on_due (TaKeeper *keeper, TaAccount *self)
{
  flush (self);
}

/* Only a refresh that reached the store says something about it. */
static void
on_refresh_ended (TaRenewal *renewal, const GError *error, TaAccount *self)
{
  if (error == NULL || g_error_matches (error, TA_ERROR, TA_ERROR_STORAGE_LOCKED))
    ta_account_set_storage_locked (self, error != NULL);
  emit_changed (self);
  check_retirement (self);
}

static void
on_expired (gpointer user_data)
{
  emit_changed (TA_ACCOUNT (user_data));
}

static void
on_signed_out (TaKeeper *keeper, TaAccount *self)
{
  g_signal_emit_by_name (self, "signed-out");
}

static void
ta_account_init (TaAccount *self)
{
}

static void
ta_account_finalize (GObject *object)
{
  TaAccount *self = TA_ACCOUNT (object);

  g_signal_handlers_disconnect_by_data (self->keeper, self);
  g_signal_handlers_disconnect_by_data (self->renewal, self);
  ta_expiry_free (self->expiry);
  g_object_unref (self->renewal);
  g_object_unref (self->keeper);
  ta_parts_unref (self->parts);
  G_OBJECT_CLASS (ta_account_parent_class)->finalize (object);
}

static void
ta_account_class_init (TaAccountClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_account_finalize;

  /* The record or the state may be another. */
  g_signal_new ("signed-out", TA_TYPE_ACCOUNT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                0);
  g_signal_new ("changed", TA_TYPE_ACCOUNT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

TaAccount *
ta_account_new (TaParts *parts, const char *item_id, TaRecord *record)
{
  TaAccount *self = g_object_new (TA_TYPE_ACCOUNT, NULL);

  self->parts = ta_parts_ref (parts);
  self->keeper = ta_keeper_new (parts->store, item_id, record);
  g_signal_connect (self->keeper, "changed", G_CALLBACK (on_kept), self);
  g_signal_connect (self->keeper, "due", G_CALLBACK (on_due), self);
  g_signal_connect (self->keeper, "signed-out", G_CALLBACK (on_signed_out), self);
  self->renewal = ta_renewal_new (parts, self->keeper);
  self->expiry = ta_expiry_new (parts->wake, on_expired, self);
  ta_expiry_watch (self->expiry, record);
  ta_renewal_look (self->renewal);
  g_signal_connect_swapped (self->renewal, "changed", G_CALLBACK (emit_changed), self);
  g_signal_connect (self->renewal, "ended", G_CALLBACK (on_refresh_ended), self);
  return self;
}

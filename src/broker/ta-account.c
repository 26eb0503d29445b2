/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-account.h"

#include "base/ta-error.h"
#include "broker/ta-keeper.h"
#include "broker/ta-refresh.h"
#include "broker/ta-waiters.h"
#include "io/ta-clock.h"

/* One signed-in account: it answers "a token that is valid now" and lets one refresh serve all who
 * wait. At most one refresh runs, and who asks meanwhile waits for it. A refresh that ends after a
 * newer sign-in is dropped. */

struct _TaAccount
{
  GObject parent_instance;

  TaParts *parts;      /* (owned) */
  TaKeeper *keeper;    /* (owned): of its record */
  TaWaiters *waiters;  /* (owned) */
  TaRecord *refreshed; /* (owned) (nullable): the record being refreshed */
  gboolean refresh_prompts;
  gboolean storage_locked;
  gboolean retired;  /* being signed out */
  GTask *retirement; /* (owned) (nullable): waits for the last refresh and write */
};

G_DEFINE_FINAL_TYPE (TaAccount, ta_account, G_TYPE_OBJECT)

static void start_refresh (TaAccount *self, gboolean may_prompt);
static void check_retirement (TaAccount *self);

static void
emit_changed (TaAccount *self)
{
  g_signal_emit_by_name (self, "changed");
}

/* A token without asking anybody. NULL with no error: a refresh is due. */
static TaTokenAnswer *
answer_from_memory (TaAccount *self, const TaTokenWish *wish, GError **error)
{
  TaRecord *record = ta_keeper_get_record (self->keeper);
  TaToken *token = record->token;
  gint64 now = ta_clock_now ();
  gboolean rejected = ta_token_wish_rejects (wish, token);

  if (self->retired)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                         "This account is being signed out: sign in again afterwards");
  else if (record->refused)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED,
                         "The provider ended this login: sign in again");
  else if (!rejected && ta_token_is_fresh (token, now, wish->min_validity))
    return ta_token_answer_new (token, FALSE);
  else if (token->refresh_token == NULL && !rejected && ta_token_is_valid (token, now))
    return ta_token_answer_new (token, TRUE);
  else if (token->refresh_token == NULL)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED,
                         "The token expired and the provider gave none to refresh it with: sign "
                         "in again");
  return NULL;
}

/* Gives a token that is valid now: from memory or after a refresh.
 * Errors: TA_ERROR_SIGN_IN_REQUIRED, TA_ERROR_NO_SUCH_ACCOUNT and what a refresh may fail with. */
void
ta_account_get_token_async (TaAccount *self, const TaTokenWish *wish, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  g_autoptr (GError) error = NULL;
  TaTokenAnswer *answer = answer_from_memory (self, wish, &error);

  g_task_set_source_tag (task, ta_account_get_token_async);
  if (answer != NULL)
    g_task_return_pointer (task, answer, (GDestroyNotify) ta_token_answer_free);
  else if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    {
      ta_waiters_add (self->waiters, task, wish);
      if (self->refreshed == NULL)
        start_refresh (self, wish->interactive);
    }
}

TaTokenAnswer *
ta_account_get_token_finish (TaAccount *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Ends the refresh. Who may prompt and met a locked keyring without a prompt gets another one. */
static void
end_refresh (TaAccount *self, const GError *error)
{
  TaToken *token = ta_keeper_get_record (self->keeper)->token;
  gboolean keep_interactive;

  g_clear_pointer (&self->refreshed, ta_record_unref);
  self->storage_locked = g_error_matches (error, TA_ERROR, TA_ERROR_STORAGE_LOCKED);
  keep_interactive = self->storage_locked && !self->refresh_prompts;
  emit_changed (self);
  if (ta_waiters_answer (self->waiters, token, ta_clock_now (), error, keep_interactive))
    start_refresh (self, TRUE);
  else
    check_retirement (self);
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaAccount) self = user_data;

  ta_keeper_keep_finish (TA_KEEPER (source), result, NULL);
  end_refresh (self, NULL);
}

/* The mark that a person is needed is worth keeping, but nobody waits for it. */
static void
refuse (TaAccount *self)
{
  g_autoptr (TaRecord) refused = ta_record_refuse (ta_keeper_get_record (self->keeper));

  ta_keeper_set (self->keeper, refused);
  ta_keeper_keep_async (self->keeper, refused, FALSE, NULL, NULL);
}

static void
refresh_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaAccount) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaRecord) next = ta_refresh_finish (self->parts, result, &error);
  TaRecord *latest = ta_keeper_get_latest (self->keeper);

  if (latest != self->refreshed)
    {
      g_clear_pointer (&next, ta_record_unref);
      next = ta_record_ref (latest);
    }
  if (next != NULL)
    {
      ta_keeper_keep_async (self->keeper, next, FALSE, written_cb, g_object_ref (self));
      return;
    }
  if (g_error_matches (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED))
    refuse (self);
  end_refresh (self, error);
}

static void
start_refresh (TaAccount *self, gboolean may_prompt)
{
  self->refreshed = ta_record_ref (ta_keeper_get_record (self->keeper));
  self->refresh_prompts = may_prompt;
  ta_refresh_async (self->parts, self->refreshed, may_prompt, refresh_cb, g_object_ref (self));
}

static void
check_retirement (TaAccount *self)
{
  g_autoptr (GTask) task = NULL;

  if (self->retirement == NULL || self->refreshed != NULL || ta_keeper_is_writing (self->keeper))
    return;
  ta_keeper_set_paused (self->keeper, TRUE);
  task = g_steal_pointer (&self->retirement);
  g_task_return_boolean (task, TRUE);
}

/* Gives out no more tokens, and is done when no refresh and no write is left: the record is the
 * last one then, and nothing will be stored any more.
 * Errors: TA_ERROR_NO_SUCH_ACCOUNT: it is retired already. */
void
ta_account_retire_async (TaAccount *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, ta_account_retire_async);
  if (self->retired)
    {
      g_task_return_new_error (task, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                               "This account is being signed out already");
      return;
    }
  self->retired = TRUE;
  self->retirement = g_steal_pointer (&task);
  check_retirement (self);
}

gboolean
ta_account_retire_finish (TaAccount *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Takes a retirement back: it could not be signed out. */
void
ta_account_reinstate (TaAccount *self)
{
  self->retired = FALSE;
  ta_keeper_set_paused (self->keeper, FALSE);
}

gboolean
ta_account_is_retired (TaAccount *self)
{
  return self->retired;
}

static void
adopted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (ta_keeper_keep_finish (TA_KEEPER (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Takes over the record of a new sign-in. If it cannot be stored it counts all the same, and the
 * error says why.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE. */
void
ta_account_adopt_async (TaAccount *self, TaRecord *record, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, ta_account_adopt_async);
  ta_keeper_keep_async (self->keeper, record, TRUE, adopted_cb, task);
}

gboolean
ta_account_adopt_finish (TaAccount *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
ta_account_set_storage_locked (TaAccount *self, gboolean locked)
{
  self->storage_locked = locked;
  emit_changed (self);
}

/* Tries at once to store what is not stored yet. */
void
ta_account_flush (TaAccount *self)
{
  ta_keeper_flush (self->keeper);
}

/* The store can be read again and has this record of the account. */
void
ta_account_offer (TaAccount *self, const char *item_id, TaRecord *stored)
{
  if (self->refreshed == NULL)
    ta_keeper_offer (self->keeper, item_id, stored);
  ta_keeper_flush (self->keeper);
  ta_account_set_storage_locked (self, FALSE);
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

/* The State of the D-Bus interface. */
const char *
ta_account_get_state (TaAccount *self)
{
  if (ta_keeper_get_record (self->keeper)->refused)
    return "sign-in-required";
  if (ta_keeper_is_unsaved (self->keeper))
    return "unsaved";
  return self->storage_locked ? "storage-locked" : "ready";
}

/* Whether the process may end without losing anything. */
gboolean
ta_account_is_settled (TaAccount *self)
{
  return self->refreshed == NULL && !ta_keeper_is_writing (self->keeper)
         && !ta_keeper_is_unsaved (self->keeper);
}

static void
on_kept (TaKeeper *keeper, TaAccount *self)
{
  emit_changed (self);
  check_retirement (self);
}

static void
ta_account_init (TaAccount *self)
{
  self->waiters = ta_waiters_new ();
}

static void
ta_account_finalize (GObject *object)
{
  TaAccount *self = TA_ACCOUNT (object);

  g_signal_handlers_disconnect_by_data (self->keeper, self);
  g_object_unref (self->keeper);
  ta_waiters_free (self->waiters);
  ta_parts_unref (self->parts);
  G_OBJECT_CLASS (ta_account_parent_class)->finalize (object);
}

static void
ta_account_class_init (TaAccountClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_account_finalize;

  /* The record or the state may be another. */
  g_signal_new ("changed", TA_TYPE_ACCOUNT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

TaAccount *
ta_account_new (TaParts *parts, const char *item_id, TaRecord *record)
{
  TaAccount *self = g_object_new (TA_TYPE_ACCOUNT, NULL);

  self->parts = ta_parts_ref (parts);
  self->keeper = ta_keeper_new (parts->store, item_id, record);
  g_signal_connect (self->keeper, "changed", G_CALLBACK (on_kept), self);
  return self;
}

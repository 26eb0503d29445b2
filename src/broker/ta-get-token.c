/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-get-token.h"

#include "base/ta-error.h"
#include "io/ta-providers.h"

/* From an account's id to a token, in the order the functions stand below: the stored accounts ->
 * the account -> its token -> and, for a caller that is interactive, a sign-in if only that helps,
 * and then all of it once more. A caller whose time runs out is answered; what was begun goes on,
 * and its result stays with the account. When a caller leaves, a refresh goes on, but nobody is
 * asked any more for it alone. */

typedef struct
{
  TaSignIns *sign_ins; /* (owned) */
  char *id;            /* (owned) */
  TaTokenWish *wish;   /* (owned) */
  TaAccount *account;  /* (owned) (nullable) */
  gboolean signed_in;  /* no second time */
  gboolean answered;   /* the caller's time ran out, or it left */
  guint timer;
  GCancellable *cancellable; /* (owned): cancelled when the caller leaves */
  gulong cancel_handler;
  GCancellable *waiting; /* (owned): cancelled when nobody is to be answered any more */
  TaSignIn *sign_in;     /* (owned) (nullable): that is waited for */
} GetToken;

static void load_accounts (GTask *task);

static void
get_token_free (GetToken *get_token)
{
  g_clear_handle_id (&get_token->timer, g_source_remove);
  g_clear_signal_handler (&get_token->cancel_handler, get_token->cancellable);
  g_object_unref (get_token->cancellable);
  g_object_unref (get_token->waiting);
  g_object_unref (get_token->sign_ins);
  g_free (get_token->id);
  ta_token_wish_free (get_token->wish);
  g_clear_object (&get_token->account);
  g_free (get_token);
}

/* Answers the caller, unless it was answered. Takes all three. */
static void
finish (GTask *task, TaTokenAnswer *answer, GError *error)
{
  GetToken *get_token = g_task_get_task_data (task);
  gboolean is_late = get_token->answered;

  get_token->answered = TRUE;
  if (is_late)
    {
      g_clear_pointer (&answer, ta_token_answer_free);
      g_clear_error (&error);
    }
  else if (answer != NULL)
    g_task_return_pointer (task, answer, (GDestroyNotify) ta_token_answer_free);
  else
    g_task_return_error (task, error);
  g_object_unref (task);
}

/* Answers before there is a token. `is_wanted`: a sign-in that is waited for goes on in any case.
 */
static void
give_up (GTask *task, GError *error, gboolean is_wanted)
{
  GetToken *get_token = g_task_get_task_data (task);
  g_autoptr (TaSignIn) sign_in = g_steal_pointer (&get_token->sign_in);

  finish (g_object_ref (task), NULL, error);
  g_cancellable_cancel (get_token->waiting);
  if (sign_in != NULL)
    {
      g_signal_handlers_disconnect_by_data (sign_in, task);
      ta_sign_ins_leave (get_token->sign_ins, sign_in, is_wanted);
      g_object_unref (task);
    }
}

static gboolean
on_time (gpointer user_data)
{
  GTask *task = user_data;
  GetToken *get_token = g_task_get_task_data (task);

  get_token->timer = 0;
  give_up (task,
           g_error_new_literal (TA_ERROR, TA_ERROR_TIMEOUT,
                                "There was no token in time: try again, or allow more "
                                "time"),
           TRUE);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *cancellable, GTask *task)
{
  GetToken *get_token = g_task_get_task_data (task);

  g_clear_signal_handler (&get_token->cancel_handler, get_token->cancellable);
  give_up (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The caller left"), FALSE);
}

static void
on_sign_in_changed (TaSignIn *sign_in, GTask *task)
{
  GetToken *get_token = g_task_get_task_data (task);
  const GError *error = ta_sign_in_get_status (sign_in)->error;

  if (!ta_sign_in_is_over (sign_in))
    return;
  g_signal_handlers_disconnect_by_data (sign_in, task);
  g_clear_object (&get_token->sign_in);
  get_token->signed_in = TRUE;
  g_clear_object (&get_token->account);
  if (error == NULL)
    {
      load_accounts (task);
      return;
    }
  finish (task, NULL, g_error_copy (error));
}

/* Takes the task and the error. */
static void
sign_in_or_fail (GTask *task, GError *error)
{
  GetToken *get_token = g_task_get_task_data (task);
  gboolean helps = g_error_matches (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED)
                   || g_error_matches (error, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT)
                   || g_error_matches (error, TA_ERROR, TA_ERROR_STORAGE_CORRUPT);
  TaSignIn *sign_in = NULL;

  if (!get_token->wish->interactive && get_token->account != NULL
      && g_error_matches (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED))
    g_signal_emit_by_name (g_task_get_source_object (task), "sign-in-needed", get_token->account);
  if (get_token->wish->interactive && !get_token->signed_in && !get_token->answered && helps)
    {
      g_clear_error (&error);
      sign_in = ta_sign_ins_start_for_caller (get_token->sign_ins, get_token->id, &error);
    }
  if (sign_in == NULL)
    {
      finish (task, NULL, error);
      return;
    }
  get_token->sign_in = g_object_ref (sign_in);
  g_signal_connect (sign_in, "changed", G_CALLBACK (on_sign_in_changed), task);
}

static void
token_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  TaTokenAnswer *answer = ta_renewal_get_token_finish (TA_RENEWAL (source), result, &error);

  if (answer == NULL)
    sign_in_or_fail (task, error);
  else
    finish (task, answer, NULL);
}

/* Takes the task. */
static void
ask_account (GTask *task, TaAccount *account)
{
  GetToken *get_token = g_task_get_task_data (task);

  g_set_object (&get_token->account, account);
  ta_renewal_get_token_async (ta_account_get_renewal (account), get_token->wish, get_token->waiting,
                              token_cb, task);
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TaAccounts *accounts = TA_ACCOUNTS (source);
  GetToken *get_token = g_task_get_task_data (task);
  GError *error = NULL;
  TaAccount *account = NULL;

  if (ta_accounts_load_finish (accounts, result, &error))
    account = ta_accounts_find (accounts, get_token->id, &error);
  if (account == NULL)
    sign_in_or_fail (task, error);
  else
    ask_account (task, account);
}

/* Takes the task. An account that is known by its name needs no look into the store. */
static void
load_accounts (GTask *task)
{
  TaAccounts *accounts = g_task_get_source_object (task);
  GetToken *get_token = g_task_get_task_data (task);
  TaAccount *known = ta_accounts_peek (accounts, get_token->id);
  g_autoptr (TaProvider) keyed = known == NULL ? ta_providers_find_keyed (get_token->id) : NULL;
  g_autoptr (GError) error = NULL;

  if (known != NULL)
    ask_account (task, known);
  else if (keyed != NULL)
    {
      ta_providers_find_oauth (keyed->id, &error);
      finish (task, NULL, g_steal_pointer (&error));
    }
  else
    ta_accounts_load_async (accounts, get_token->id, get_token->wish->interactive,
                            get_token->cancellable, load_cb, task);
}

/* (nullable): the token that ta_get_token_async() would give at once. */
TaTokenAnswer *
ta_get_token_peek (TaAccounts *accounts, const char *id, const TaTokenWish *wish)
{
  TaAccount *known = ta_accounts_peek (accounts, id);

  return known == NULL ? NULL : ta_renewal_peek_token (ta_account_get_renewal (known), wish, NULL);
}

/* Gives a token that is valid now; empty `id`: the default account. An interactive caller may be
 * led through a sign-in, of a new account too. Once cancelled, nobody is answered.
 * Errors: those of ta_accounts_load_async(), ta_accounts_find(), ta_renewal_get_token_async() and
 * of a sign-in. */
void
ta_get_token_async (TaAccounts *accounts, TaSignIns *sign_ins, const char *id,
                    const TaTokenWish *wish, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (accounts, NULL, callback, user_data);
  GetToken *get_token = g_new0 (GetToken, 1);

  g_task_set_source_tag (task, ta_get_token_async);
  get_token->sign_ins = g_object_ref (sign_ins);
  get_token->id = g_strdup (id);
  get_token->wish = ta_token_wish_copy (wish);
  get_token->waiting = g_cancellable_new ();
  get_token->cancellable = g_object_ref (cancellable);
  g_set_object (&get_token->wish->caller, cancellable);
  get_token->cancel_handler
      = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), task);
  g_task_set_task_data (task, get_token, (GDestroyNotify) get_token_free);
  if (wish->timeout > 0)
    get_token->timer = g_timeout_add_seconds (wish->timeout, on_time, task);
  load_accounts (task);
}

/* `account` (transfer full) (nullable): whose token it is. */
TaTokenAnswer *
ta_get_token_finish (TaAccounts *accounts, GAsyncResult *result, TaAccount **account,
                     GError **error)
{
  GetToken *get_token;

  g_return_val_if_fail (g_task_is_valid (result, accounts), NULL);
  get_token = g_task_get_task_data (G_TASK (result));
  if (account != NULL)
    *account = g_steal_pointer (&get_token->account);
  return g_task_propagate_pointer (G_TASK (result), error);
}

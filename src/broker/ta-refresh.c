/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-refresh.h"

#include "base/ta-error.h"
#include "broker/ta-claim.h"
#include "broker/ta-proof.h"
#include "broker/ta-token-endpoint.h"
#include "io/ta-clock.h"

/* One refresh of an account, in the order the functions stand below: claim the item (another broker
 * may have refreshed already) -> client -> write down the intent (what cannot be written is not
 * asked for, because its answer would be lost) -> request -> answer -> before a refusal is
 * believed, the item once more -> store -> done. Nobody can cancel it: once the request is out, a
 * provider that rotates has replaced the refresh token, and giving up would lose the login.
 *
 * A process that ends on the way leaves the intent behind. The next one then tries the refresh
 * token that is stored, once: whether it still counts only the provider knows. */

#define POST_TIMEOUT 30

typedef struct
{
  TaParts *parts;           /* (owned) */
  TaProvider *provider;     /* (owned) */
  TaRecord *record;         /* (owned): the one that is refreshed */
  gboolean was_interrupted; /* an earlier refresh of it has no known end */
  TaClaim *claim;           /* (owned) (nullable): while it runs */
  TaClient *client;         /* (owned) (nullable) */
  GError *error;            /* (owned) (nullable): to end with, once that is written down */
} Refresh;

static void consider (GTask *task);

static void
refresh_free (Refresh *refresh)
{
  ta_parts_unref (refresh->parts);
  ta_provider_unref (refresh->provider);
  ta_record_unref (refresh->record);
  g_clear_pointer (&refresh->claim, ta_claim_free);
  g_clear_pointer (&refresh->client, ta_client_unref);
  g_clear_error (&refresh->error);
  g_free (refresh);
}

/* Takes the task and the error. */
static void
finish (GTask *task, GError *error)
{
  Refresh *refresh = g_task_get_task_data (task);

  g_clear_pointer (&refresh->claim, ta_claim_free);
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  g_object_unref (task);
}

static void
set_record (Refresh *refresh, TaRecord *record)
{
  ta_record_ref (record);
  ta_record_unref (refresh->record);
  refresh->record = record;
}

/* Whatever came of the writing, what was to be written counts. */
static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Refresh *refresh = g_task_get_task_data (task);

  ta_keeper_keep_finish (TA_KEEPER (source), result, NULL);
  finish (task, g_steal_pointer (&refresh->error));
}

/* Whether another record came between: a sign-in ended meanwhile. Then the task is taken, and ends
 * when that record is stored. */
static gboolean
is_overtaken (GTask *task)
{
  TaKeeper *keeper = g_task_get_source_object (task);
  Refresh *refresh = g_task_get_task_data (task);
  TaRecord *latest = ta_keeper_get_latest (keeper);

  if (latest == refresh->record)
    return FALSE;
  g_clear_error (&refresh->error);
  ta_keeper_keep_async (keeper, latest, FALSE, written_cb, task);
  return TRUE;
}

/* The provider means it. */
static void
accept_refusal (GTask *task)
{
  Refresh *refresh = g_task_get_task_data (task);
  g_autoptr (TaRecord) refused = ta_record_refuse (refresh->record);

  ta_keeper_keep_async (g_task_get_source_object (task), refused, FALSE, written_cb, task);
}

static void
review_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TaKeeper *keeper = g_task_get_source_object (task);
  Refresh *refresh = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) items = ta_store_load_finish (TA_STORE (source), result, NULL, &error);
  gboolean is_missing;

  if (items == NULL)
    finish (task, error);
  else if (ta_keeper_review (keeper, items, &is_missing))
    {
      g_clear_error (&refresh->error);
      consider (task);
    }
  else if (!is_overtaken (task))
    accept_refusal (task);
}

/* Takes the task and the error. */
static void
doubt_refusal (GTask *task, GError *error)
{
  Refresh *refresh = g_task_get_task_data (task);

  refresh->error = error;
  if (refresh->was_interrupted)
    {
      g_clear_error (&refresh->error);
      refresh->error = g_error_new_literal (TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED,
                                            "The provider ended this login, perhaps because an "
                                            "earlier refresh was interrupted: sign in again");
    }
  ta_store_load_async (refresh->parts->store, TA_STORE_ACCOUNT, TA_LOAD_PROMPT_NEVER, NULL,
                       review_cb, task);
}

/* Takes the task and the error. `may_be_spent`: the provider may have replaced the refresh token
 * all the same, so the intent stays. */
static void
take_failure (GTask *task, GError *error, gboolean may_be_spent)
{
  Refresh *refresh = g_task_get_task_data (task);
  g_autoptr (TaRecord) unmarked = ta_record_intend (refresh->record, 0);

  ta_throttle_note_failure (refresh->parts->throttle, refresh->provider->token_endpoint, error);
  if (may_be_spent)
    {
      finish (task, error);
      return;
    }
  refresh->error = error;
  ta_keeper_mark_async (g_task_get_source_object (task), unmarked, written_cb, task);
}

/* Told once for each login: a server that does so may do it at each refresh. */
static void
note_widening (const TaRecord *before, const TaRecord *next)
{
  if (next->is_widened && !before->is_widened)
    g_message (
        "Provider %s granted more scopes at a refresh than were asked for: they do not count",
        next->provider);
}

/* One that was stored before that was noted gets to say now who gave its token, and to whom. */
static TaRecord *
create_next (const Refresh *refresh, TaToken *token)
{
  g_autofree char *server = ta_provider_get_server (refresh->provider);
  g_autoptr (TaRecord) next = ta_record_refresh (refresh->record, token, token->issued.wall);

  return ta_record_with_origin (next, server, refresh->client->id);
}

static void
post_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Refresh *refresh = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean may_be_spent;
  g_autoptr (TaToken) token = ta_token_endpoint_refresh_finish (
      refresh->parts, result, refresh->provider, refresh->record->token, &may_be_spent, &error);
  g_autoptr (TaRecord) next = NULL;

  if (is_overtaken (task))
    g_clear_error (&error);
  else if (error == NULL && !ta_claim_check (refresh->claim, &error))
    finish (task, error);
  else if (g_error_matches (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED))
    doubt_refusal (task, error);
  else if (error != NULL)
    take_failure (task, error, may_be_spent);
  else
    {
      ta_throttle_note_success (refresh->parts->throttle, refresh->provider->token_endpoint);
      next = create_next (refresh, token);
      note_widening (refresh->record, next);
      ta_keeper_keep_async (g_task_get_source_object (task), next, FALSE, written_cb, task);
    }
}

static void
mark_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TaKeeper *keeper = TA_KEEPER (source);
  Refresh *refresh = g_task_get_task_data (task);
  g_autoptr (TaTokenRequest) request = NULL;
  GError *error = NULL;

  if (!ta_keeper_keep_finish (keeper, result, &error))
    {
      finish (task, error);
      return;
    }
  if (is_overtaken (task))
    return;
  request = ta_token_request_refresh (refresh->provider, refresh->client,
                                      ta_secret_peek (refresh->record->token->refresh_token));
  ta_token_endpoint_send_async (refresh->parts, refresh->provider->token_endpoint, request,
                                refresh->record->token->dpop_key, POST_TIMEOUT, NULL, post_cb,
                                task);
}

/* Whether the login was granted to this client: another one's attempt may end it (RFC 6749 section
 * 5.2, invalid_grant). Errors: TA_ERROR_CLIENT_REJECTED. */
static gboolean
check_client (const Refresh *refresh, GError **error)
{
  const char *own = refresh->record->client_id;

  if (own == NULL || g_str_equal (own, refresh->client->id))
    return TRUE;
  g_set_error_literal (error, TA_ERROR, TA_ERROR_CLIENT_REJECTED,
                       "This account was signed in with another client id: set that again with "
                       "tidio-auth client set, unlock the keyring that has it, or sign in again");
  return FALSE;
}

static void
client_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Refresh *refresh = g_task_get_task_data (task);
  g_autoptr (TaRecord) marked = ta_record_intend (refresh->record, ta_clock_now ().wall);
  GError *error = NULL;

  refresh->client = ta_parts_find_client_finish (refresh->parts, result, &error);
  if (refresh->client == NULL || !check_client (refresh, &error))
    {
      finish (task, error);
      return;
    }
  if (is_overtaken (task))
    return;
  set_record (refresh, marked);
  ta_keeper_mark_async (g_task_get_source_object (task), marked, mark_cb, task);
}

/* Whether the login has the key that its refresh takes (RFC 9449 section 5).
 * Errors: TA_ERROR_SIGN_IN_REQUIRED. */
static gboolean
check_key (const TaProvider *provider, const TaToken *token, GError **error)
{
  if (token->dpop_key != NULL)
    return ta_proof_check_key (token->dpop_key, error);
  if (provider->dpop != TA_DPOP_REQUIRED)
    return TRUE;
  g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED,
                       "The provider file requires DPoP, and this login is bound to no key: sign "
                       "in again");
  return FALSE;
}

/* What to do with the record that counts now. One of another provider, which another session
 * signed in meanwhile, has to be begun anew. */
static void
consider (GTask *task)
{
  TaKeeper *keeper = g_task_get_source_object (task);
  Refresh *refresh = g_task_get_task_data (task);
  TaRecord *record = ta_keeper_get_record (keeper);
  gboolean is_news = record != refresh->record;
  GError *error = NULL;

  set_record (refresh, record);
  refresh->was_interrupted = record->intent != 0;
  if (record->refused || record->token->refresh_token == NULL)
    finish (task, g_error_new_literal (TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED,
                                       "The provider ended this login: sign in again"));
  else if (is_news && ta_token_is_fresh (record->token, ta_clock_now (), TA_TOKEN_DEFAULT_VALIDITY))
    finish (task, NULL);
  else if (!g_str_equal (record->provider, refresh->provider->id))
    finish (task, g_error_new_literal (TA_ERROR, TA_ERROR_BUSY,
                                       "Another session just signed this account in elsewhere: try "
                                       "again"));
  else if (!ta_provider_check_server (refresh->provider, record->server, &error)
           || !check_key (refresh->provider, record->token, &error))
    finish (task, error);
  else
    ta_parts_find_client_async (refresh->parts, refresh->provider, FALSE, NULL, client_cb, task);
}

static void
claim_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Refresh *refresh = g_task_get_task_data (task);
  GError *error = NULL;

  refresh->claim = ta_claim_finish (TA_KEEPER (source), result, &error);
  if (refresh->claim == NULL)
    finish (task, error);
  else
    consider (task);
}

/* Refreshes the keeper's record (RFC 6749 section 6), or takes the newer one that another broker
 * stored. One that cannot be refreshed, because the provider ended the login or gave no refresh
 * token, may be replaced too.
 * Errors: TA_ERROR_SIGN_IN_REQUIRED: the login ended; all others: it may work later. */
void
ta_refresh_async (TaParts *parts, TaKeeper *keeper, TaProvider *provider,
                  GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (keeper, NULL, callback, user_data);
  Refresh *refresh = g_new0 (Refresh, 1);

  g_task_set_source_tag (task, ta_refresh_async);
  refresh->parts = ta_parts_ref (parts);
  refresh->provider = ta_provider_ref (provider);
  refresh->record = ta_record_ref (ta_keeper_get_record (keeper));
  g_task_set_task_data (task, refresh, (GDestroyNotify) refresh_free);
  ta_claim_async (parts, keeper, TA_CLAIM_REFRESH, claim_cb, task);
}

gboolean
ta_refresh_finish (TaKeeper *keeper, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, keeper), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-standing.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"

/* What can be said of an account's token without asking anybody. */

/* Seconds. An API that refuses fresh tokens is not helped by ever more of them; a refusal that only
 * the user or another configuration can mend is not looked into more often than this. */
#define REPAIR_SPACING 30
#define REVIEW_SPACING 5

/* A caller's word is believed so many times in a row, and then every so many seconds: one that
 * finds fault with every token must not have each replaced, for all others too. */
#define FORCED_MAX 5
#define FORCED_SPACING 30

/* What was seen of the provider. */
static void
forget (TaStanding *self)
{
  g_clear_error (&self->detached);
  g_clear_pointer (&self->provider, ta_provider_unref);
  g_clear_pointer (&self->server, g_ref_string_release);
}

/* Looks whether the account's provider file still names the server that gave the tokens; where
 * there is no file that can be read, it is not said to name another. Whether there is news.
 *
 * Each token from memory asks this. The cache reads and parses the file only when it has changed,
 * and as long as provider and server are the same, so is the answer: to parse the file took longer
 * than all the rest of a call. */
gboolean
ta_standing_look (TaStanding *self, TaProviderCache *providers, const TaRecord *record)
{
  g_autoptr (TaProvider) provider = ta_provider_cache_find (providers, record->provider, NULL);
  gboolean was_detached = self->detached != NULL;

  if (provider != NULL && provider == self->provider
      && g_strcmp0 (self->server, record->server) == 0)
    return FALSE;
  forget (self);
  if (provider != NULL && provider->api_authentication == TA_API_AUTHENTICATION_BEARER)
    ta_provider_check_server (provider, record->server, &self->detached);
  self->provider = g_steal_pointer (&provider);
  self->server = record->server == NULL ? NULL : g_ref_string_new_intern (record->server);
  return was_detached != (self->detached != NULL);
}

/* Whether only a new sign-in helps. `rejected`: some server refused the token. */
gboolean
ta_standing_is_over (const TaStanding *self, const TaRecord *record, gboolean rejected)
{
  return self->detached != NULL || ta_record_is_ended (record, rejected, ta_clock_now ());
}

/* (transfer full): why only a new sign-in helps. */
GError *
ta_standing_get_error (const TaStanding *self, const TaRecord *record)
{
  if (self->detached != NULL)
    return g_error_copy (self->detached);
  return g_error_new_literal (TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED,
                              "The provider ended this login: sign in again");
}

/* (transfer full) (nullable): what those who waited for a refresh are told that ended with `error`
 * (nullable). Whatever kept us from seeing whether a login that ended is back, it ended; and a
 * token that is about to be revoked is given to nobody. */
GError *
ta_standing_explain (const TaStanding *self, const TaRecord *record, const GError *error)
{
  gboolean is_over = error == NULL ? ta_record_is_ended (record, FALSE, ta_clock_now ())
                                   : ta_standing_is_over (self, record, FALSE);

  if (g_error_matches (self->closed, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT))
    return g_error_copy (self->closed);
  if (self->closed == NULL && !g_error_matches (error, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT)
      && !g_error_matches (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED) && is_over)
    return ta_standing_get_error (self, record);
  return error == NULL ? NULL : g_error_copy (error);
}

static gboolean
is_recent (gint64 then, gint64 spacing)
{
  return then != 0 && ta_clock_now ().boot - then < spacing;
}

/* Whether a refresh would only be due because a caller says so. */
gboolean
ta_standing_is_forced (const TaRecord *record, const TaTokenWish *wish)
{
  const TaInstant now = ta_clock_now ();

  return ta_token_wish_rejects (wish, record->token)
             ? ta_token_is_valid (record->token, now)
             : ta_token_is_fresh (record->token, now, TA_TOKEN_DEFAULT_VALIDITY);
}

/* There was such a refresh. */
void
ta_standing_note_forced (TaStanding *self)
{
  self->forced_until = MAX (self->forced_until, ta_clock_now ().boot) + FORCED_SPACING;
}

/* Seconds until there may be another one; 0: at once. */
static gint64
get_forced_wait (const TaStanding *self)
{
  gint64 ahead = self->forced_until - ta_clock_now ().boot;

  return MAX (ahead - (FORCED_MAX - 1) * FORCED_SPACING, 0);
}

/* (nullable): a token without asking anybody. NULL with no error: a refresh is due, or a look at
 * whether another session signed in again.
 * Errors: TA_ERROR_SIGN_IN_REQUIRED, TA_ERROR_BUSY; the reason why it is closed. */
TaTokenAnswer *
ta_standing_answer (const TaStanding *self, const TaRecord *record, const TaTokenWish *wish,
                    GError **error)
{
  TaToken *token = record->token;
  gboolean rejected = ta_token_wish_rejects (wish, token);
  gint64 wait = ta_standing_is_forced (record, wish) ? get_forced_wait (self) : 0;

  if (self->closed != NULL)
    g_propagate_error (error, g_error_copy (self->closed));
  else if (ta_standing_is_over (self, record, rejected))
    {
      if (is_recent (self->reviewed_at, REVIEW_SPACING))
        g_propagate_error (error, ta_standing_get_error (self, record));
    }
  else if (rejected && wish->is_repair
           && (wait > 0 || is_recent (self->repaired_at, REPAIR_SPACING)))
    return ta_token_answer_new (token, TRUE);
  else if (!rejected && ta_token_is_fresh (token, ta_clock_now (), wish->min_validity))
    return ta_token_answer_new (token, FALSE);
  else if (token->refresh_token == NULL || (wait > 0 && !rejected))
    return ta_token_answer_new (token, TRUE);
  else if (wait > 0)
    g_set_error (error, TA_ERROR, TA_ERROR_BUSY,
                 "New tokens were refused over and over: see why, or try again in %" G_GINT64_FORMAT
                 " seconds",
                 wait);
  return NULL;
}

/* A refresh came to its end, which looks for other sessions' sign-ins too. `is_repair`: it was for
 * an API that refused the token before, and there is another one now. */
void
ta_standing_note_refresh (TaStanding *self, gboolean is_repair)
{
  self->reviewed_at = ta_clock_now ().boot;
  if (is_repair)
    self->repaired_at = self->reviewed_at;
}

/* Closes it with the reason why no more tokens are given out, or opens it again (NULL). */
void
ta_standing_close (TaStanding *self, const GError *reason)
{
  g_clear_error (&self->closed);
  self->closed = reason == NULL ? NULL : g_error_copy (reason);
}

void
ta_standing_clear (TaStanding *self)
{
  g_clear_error (&self->closed);
  forget (self);
}

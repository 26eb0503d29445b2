/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-grant.h"

#include "base/ta-error.h"
#include "broker/ta-revocation.h"
#include "io/ta-clock.h"

/* What becomes of what a sign-in was granted: is the account another provider's, or another
 * person's? -> record -> it is stored, and counts. What nobody has a use for is given back to the
 * provider (RFC 7009). */

typedef struct
{
  TaAccounts *accounts; /* (owned) */
  TaSignIn *sign_in;    /* (owned) */
  TaToken *token;       /* (owned) */
  TaIdentity *identity; /* (owned) (nullable): who signed in */
} Grant;

static void
grant_free (Grant *grant)
{
  g_object_unref (grant->accounts);
  g_object_unref (grant->sign_in);
  ta_token_unref (grant->token);
  g_clear_pointer (&grant->identity, ta_identity_unref);
  g_free (grant);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Grant, grant_free)

static void
adopt_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TaAccount *account = TA_ACCOUNT (source);
  g_autoptr (Grant) grant = user_data;
  gboolean stored = ta_account_adopt_finish (account, result, NULL);

  ta_accounts_add (grant->accounts, account);
  ta_sign_in_end (grant->sign_in, stored, NULL);
}

/* Whether an account that belongs to provider `own` may be signed in at `provider`.
 * Errors: G_DBUS_ERROR_INVALID_ARGS. */
gboolean
ta_grant_check_provider (const char *own, const char *provider, GError **error)
{
  if (g_str_equal (own, provider))
    return TRUE;
  g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
               "This account belongs to provider %s: leave the option out, or name a new account",
               own);
  return FALSE;
}

static gboolean
check_person (const TaRecord *previous, const TaRecord *record, GError **error)
{
  if (previous->identity == NULL || record->identity == NULL
      || !ta_identity_contradicts (previous->identity, record->identity))
    return TRUE;
  g_set_error_literal (error, TA_ERROR, TA_ERROR_WRONG_ACCOUNT,
                       "This account is another person's: sign in as that person, or sign in to an "
                       "account of a new name");
  return FALSE;
}

static gboolean
check_owner (const TaRecord *previous, const TaRecord *record, GError **error)
{
  return previous == NULL
         || (ta_grant_check_provider (previous->provider, record->provider, error)
             && check_person (previous, record, error));
}

/* A provider that said who signed in before, and is to say it now in the same way, must: or another
 * person's tokens would take the place of those. */
static gboolean
check_is_told (const Grant *grant, const TaRecord *previous, GError **error)
{
  const TaProvider *provider = ta_sign_in_get_status (grant->sign_in)->provider;

  if (previous == NULL || previous->identity == NULL || grant->identity != NULL
      || !ta_identity_is_due (previous->identity, provider, ta_sign_in_get_scopes (grant->sign_in)))
    return TRUE;
  g_set_error_literal (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                       "The provider did not say who signed in, so the account stays as it was: "
                       "sign in again later, or to an account of a new name");
  return FALSE;
}

/* Where nobody says who signed in now, it is taken to be the one before, unless that was at another
 * server. */
static TaRecord *
create_record (const Grant *grant, const TaRecord *previous)
{
  const TaSignInStatus *status = ta_sign_in_get_status (grant->sign_in);
  g_autofree char *server = ta_provider_get_server (status->provider);
  gboolean is_as_before = previous != NULL && grant->identity == NULL
                          && ta_provider_check_server (status->provider, previous->server, NULL);
  TaIdentity *identity = is_as_before ? previous->identity : grant->identity;
  g_autoptr (TaRecord) record = ta_record_new (status->account, status->provider->id, grant->token,
                                               ta_clock_now ().wall, previous);
  g_autoptr (TaRecord) asked
      = ta_record_with_request (record, ta_sign_in_get_scopes (grant->sign_in));
  g_autoptr (TaRecord) owned = ta_record_with_identity (asked, identity);

  return ta_record_with_origin (owned, server, status->client->id);
}

/* Whether it is known what the grant would take the place of. As long as this process could not
 * read the stored accounts, it may be another person's login. */
static gboolean
check_is_read (TaAccounts *accounts, GAsyncResult *result, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (ta_accounts_load_finish (accounts, result, &cause))
    return TRUE;
  g_set_error_literal (error, cause->domain, cause->code,
                       "The keyring cannot be read, so nobody knows whose account this is: unlock "
                       "it or start it, then sign in again");
  return FALSE;
}

/* Whether the person may be signed in at the provider already: some would end that login together
 * with the new grant. */
static gboolean
may_be_signed_in (TaAccounts *accounts, const char *provider, const TaIdentity *identity)
{
  g_autoptr (GList) all = ta_accounts_list (accounts);

  for (GList *link = all; link != NULL; link = link->next)
    {
      const TaRecord *record = ta_account_get_record (link->data);

      if (g_str_equal (record->provider, provider)
          && (identity == NULL || record->identity == NULL
              || !ta_identity_contradicts (record->identity, identity)))
        return TRUE;
    }
  return !ta_accounts_were_read (accounts);
}

/* Gives back what a sign-in was granted and has no use for, best effort, if that can end no other
 * login. `identity` (nullable): who signed in. */
void
ta_grant_give_back (TaAccounts *accounts, TaSignIn *sign_in, TaToken *token,
                    const TaIdentity *identity)
{
  const TaSignInStatus *status = ta_sign_in_get_status (sign_in);
  g_autofree char *server = ta_provider_get_server (status->provider);

  if (!may_be_signed_in (accounts, status->provider->id, identity))
    ta_revocation_async (ta_accounts_get_parts (accounts), status->provider->id, server, token,
                         NULL, NULL, NULL);
}

/* Once the stored accounts were read, the grant is kept even if the keyring is locked again; but
 * never in the place of one of another provider or person. */
static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TaAccounts *accounts = TA_ACCOUNTS (source);
  TaParts *parts = ta_accounts_get_parts (accounts);
  g_autoptr (Grant) grant = user_data;
  TaAccount *known = ta_accounts_peek (accounts, ta_sign_in_get_status (grant->sign_in)->account);
  TaRecord *previous = known == NULL ? NULL : ta_account_get_record (known);
  g_autoptr (TaRecord) record = create_record (grant, previous);
  g_autoptr (TaAccount) account = known == NULL ? NULL : g_object_ref (known);
  g_autofree char *item_id = g_uuid_string_random ();
  g_autoptr (GError) error = NULL;

  if (!check_is_read (accounts, result, &error) || !check_is_told (grant, previous, &error)
      || !check_owner (previous, record, &error))
    {
      ta_grant_give_back (accounts, grant->sign_in, grant->token, grant->identity);
      ta_sign_in_end (grant->sign_in, FALSE, error);
      return;
    }
  if (account == NULL)
    account = ta_account_new (parts, item_id, record);
  ta_account_adopt_async (account, record, adopt_cb, g_steal_pointer (&grant));
}

/* Keeps what a sign-in was just granted, which ends it; `identity` (nullable): who signed in. */
void
ta_grant_keep (TaAccounts *accounts, TaSignIn *sign_in, TaToken *token, TaIdentity *identity)
{
  Grant *grant = g_new0 (Grant, 1);
  const char *id = ta_sign_in_get_status (sign_in)->account;

  grant->accounts = g_object_ref (accounts);
  grant->sign_in = g_object_ref (sign_in);
  grant->token = ta_token_ref (token);
  grant->identity = identity == NULL ? NULL : ta_identity_ref (identity);
  ta_accounts_load_async (accounts, ta_accounts_peek (accounts, id) != NULL ? id : NULL, TRUE, NULL,
                          load_cb, grant);
}

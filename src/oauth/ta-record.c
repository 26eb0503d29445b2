/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-record.h"

#include "base/ta-words.h"

static TaRecord *
copy (const char *account, const char *provider, TaToken *token)
{
  TaRecord *self = g_rc_box_new0 (TaRecord);

  self->account = g_strdup (account);
  self->provider = g_strdup (provider);
  self->requested_scopes = g_new0 (char *, 1);
  self->token = ta_token_ref (token);
  return self;
}

static TaIdentity *
ref_identity (TaIdentity *identity)
{
  return identity == NULL ? NULL : ta_identity_ref (identity);
}

/* The record of a sign-in; `previous` (nullable) is that of the same account before it, whose
 * identity is not taken over. */
TaRecord *
ta_record_new (const char *account, const char *provider, TaToken *token, gint64 now,
               const TaRecord *previous)
{
  TaRecord *self = copy (account, provider, token);

  self->signed_in_at = previous == NULL ? now : MAX (now, previous->signed_in_at);
  self->generation = previous == NULL ? 1 : previous->generation + 1;
  return self;
}

/* What the scopes of a refreshed token have beyond those asked for and those granted before, though
 * RFC 6749 section 6 lets a refresh widen nothing. Where neither is known nothing is beyond. */
static char **
find_excess (const TaRecord *self, const TaToken *token)
{
  g_auto (GStrv) unasked = NULL;

  if (*self->requested_scopes == NULL && *self->token->scopes == NULL)
    return g_new0 (char *, 1);
  unasked = ta_words_without ((const char *const *) token->scopes,
                              (const char *const *) self->requested_scopes);
  return ta_words_without ((const char *const *) unasked,
                           (const char *const *) self->token->scopes);
}

/* The record after a refresh. A scope beyond what was asked for and granted does not count. */
TaRecord *
ta_record_refresh (const TaRecord *self, TaToken *token, gint64 now)
{
  g_auto (GStrv) excess = find_excess (self, token);
  g_auto (GStrv) scopes
      = ta_words_without ((const char *const *) token->scopes, (const char *const *) excess);
  g_autoptr (TaToken) within = *excess == NULL
                                   ? ta_token_ref (token)
                                   : ta_token_with_scopes (token, (const char *const *) scopes);
  TaRecord *next = copy (self->account, self->provider, within);

  g_strfreev (next->requested_scopes);
  next->requested_scopes = g_strdupv (self->requested_scopes);
  next->is_widened = self->is_widened || *excess != NULL;
  next->identity = ref_identity (self->identity);
  next->server = g_strdup (self->server);
  next->client_id = g_strdup (self->client_id);
  next->signed_in_at = self->signed_in_at;
  next->refreshed_at = now;
  next->generation = self->generation + 1;
  return next;
}

/* The record with another mark of when its refresh was begun. It is of the same generation. */
TaRecord *
ta_record_intend (const TaRecord *self, gint64 intent)
{
  TaRecord *next = ta_record_refresh (self, self->token, self->refreshed_at);

  next->generation = self->generation;
  next->intent = intent;
  return next;
}

/* The record with who it was that signed in; NULL: not known. It is of the same generation. */
TaRecord *
ta_record_with_identity (const TaRecord *self, TaIdentity *identity)
{
  TaRecord *next = ta_record_intend (self, self->intent);

  g_clear_pointer (&next->identity, ta_identity_unref);
  next->identity = ref_identity (identity);
  next->refused = self->refused;
  return next;
}

/* The record with what was asked for. It is what was granted too, unless the token says otherwise
 * (RFC 6749 section 5.1). It is of the same generation. */
TaRecord *
ta_record_with_request (const TaRecord *self, const char *const *scopes)
{
  g_autoptr (TaToken) token = *self->token->scopes == NULL
                                  ? ta_token_with_scopes (self->token, scopes)
                                  : ta_token_ref (self->token);
  TaRecord *next = ta_record_with_identity (self, self->identity);

  ta_token_unref (next->token);
  next->token = g_steal_pointer (&token);
  g_strfreev (next->requested_scopes);
  next->requested_scopes = g_strdupv ((char **) scopes);
  return next;
}

/* The record with who gave its token, as ta_provider_get_server() says it, to which client. It is
 * of the same generation. */
TaRecord *
ta_record_with_origin (const TaRecord *self, const char *server, const char *client_id)
{
  TaRecord *next = ta_record_with_identity (self, self->identity);

  g_free (next->server);
  g_free (next->client_id);
  next->server = g_strdup (server);
  next->client_id = g_strdup (client_id);
  return next;
}

/* The record once the provider ended the login. */
TaRecord *
ta_record_refuse (const TaRecord *self)
{
  TaRecord *next = ta_record_refresh (self, self->token, self->refreshed_at);

  next->refused = TRUE;
  return next;
}

/* The record as one that came later than `other`, whatever a clock said when: a new sign-in. */
TaRecord *
ta_record_follow (TaRecord *self, const TaRecord *other)
{
  TaRecord *next;

  if (ta_record_is_newer (self, other) || other->signed_in_at == G_MAXINT64)
    return ta_record_ref (self);
  next = ta_record_refresh (self, self->token, self->refreshed_at);
  next->signed_in_at = other->signed_in_at + 1;
  next->generation = self->generation;
  return next;
}

/* Whether only a new sign-in helps. `rejected`: some server refused the token. */
gboolean
ta_record_is_ended (const TaRecord *self, gboolean rejected, TaInstant now)
{
  return self->refused
         || (self->token->refresh_token == NULL
             && (rejected || !ta_token_is_valid (self->token, now)));
}

/* Whether it came later, of two records of one account. */
gboolean
ta_record_is_newer (const TaRecord *self, const TaRecord *other)
{
  if (self->signed_in_at != other->signed_in_at)
    return self->signed_in_at > other->signed_in_at;
  return self->generation > other->generation;
}

TaRecord *
ta_record_ref (TaRecord *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (void *data)
{
  TaRecord *self = data;

  g_free (self->account);
  g_free (self->provider);
  g_clear_pointer (&self->identity, ta_identity_unref);
  g_strfreev (self->requested_scopes);
  g_free (self->server);
  g_free (self->client_id);
  ta_token_unref (self->token);
}

void
ta_record_unref (TaRecord *self)
{
  g_rc_box_release_full (self, clear);
}

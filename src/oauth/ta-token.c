/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-token.h"

#include "base/ta-error.h"

#include <string.h>

#define TEXT_MAX 16384

/* Margin before the expiry that a token is renewed in: this, or a tenth of its lifetime. */
#define DEFAULT_VALIDITY 60

/* What a token of unknown lifetime is given before it is renewed. */
#define ASSUMED_LIFETIME 3600

/* A wall clock this far before the time of issue was wrong then or is wrong now. */
#define SKEW 60

/* `type`: TA_TOKEN_BEARER or TA_TOKEN_DPOP; the latter needs ta_token_bind() too. */
TaToken *
ta_token_new (const char *type, const char *access_token, const char *refresh_token,
              const char *const *scopes, TaInstant issued, gint64 expires_at)
{
  TaToken *self = g_rc_box_new0 (TaToken);

  self->access_token = ta_secret_new (access_token);
  self->refresh_token = refresh_token != NULL ? ta_secret_new (refresh_token) : NULL;
  self->type = g_strdup (type);
  self->scopes = g_strdupv ((char **) scopes);
  self->issued = issued;
  self->expires_at = expires_at;
  return self;
}

static const char *
peek (const TaSecret *secret)
{
  return secret == NULL ? NULL : ta_secret_peek (secret);
}

/* The token with other scopes. */
TaToken *
ta_token_with_scopes (const TaToken *self, const char *const *scopes)
{
  TaToken *other
      = ta_token_new (self->type, ta_secret_peek (self->access_token), peek (self->refresh_token),
                      scopes, self->issued, self->expires_at);

  other->dpop_key = self->dpop_key == NULL ? NULL : ta_secret_ref (self->dpop_key);
  return other;
}

TaToken *
ta_token_ref (TaToken *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (void *data)
{
  TaToken *self = data;

  ta_secret_unref (self->access_token);
  g_clear_pointer (&self->refresh_token, ta_secret_unref);
  g_free (self->type);
  g_clear_pointer (&self->dpop_key, ta_secret_unref);
  g_strfreev (self->scopes);
}

void
ta_token_unref (TaToken *self)
{
  g_rc_box_release_full (self, clear);
}

/* Whether only the holder of a key can use the access token. */
gboolean
ta_token_is_bound (const TaToken *self)
{
  return g_str_equal (self->type, TA_TOKEN_DPOP);
}

/* The token as the answer to a request that was proven with `dpop_key` (nullable). A key stays with
 * a Bearer token too: the refresh token may be bound to it (RFC 9449 section 5).
 * Errors: TA_ERROR_INVALID_RESPONSE: it is bound though nothing was proven, or it is not bound
 * though that is required. */
TaToken *
ta_token_bind (const TaToken *self, TaSecret *dpop_key, gboolean is_required, GError **error)
{
  TaToken *bound;

  if (ta_token_is_bound (self) && dpop_key == NULL)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                         "The token endpoint granted a token of type DPoP that nobody asked for: "
                         "set Dpop=required in the provider file, and sign in again");
  else if (!ta_token_is_bound (self) && is_required)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                         "The token endpoint granted a Bearer token, but binding was required: "
                         "it is discarded; check Dpop in the provider file");
  else
    {
      bound = ta_token_with_scopes (self, (const char *const *) self->scopes);
      g_clear_pointer (&bound->dpop_key, ta_secret_unref);
      bound->dpop_key = dpop_key == NULL ? NULL : ta_secret_ref (dpop_key);
      return bound;
    }
  return NULL;
}

/* Whether the text may be a token and go into a header: RFC 6749 appendix A.12, without space. */
gboolean
ta_token_is_text (const char *text)
{
  gsize length = 0;

  for (; text[length] != '\0'; length++)
    if (text[length] < 0x21 || text[length] > 0x7e || length >= TEXT_MAX)
      return FALSE;
  return length > 0;
}

/* Seconds since the issue. Where both clocks know, the one that says more counts: a wall clock may
 * be set back, and a boot clock does not know of another run. */
static gint64
get_age (const TaToken *self, TaInstant now)
{
  gint64 age = now.wall - self->issued.wall;

  return self->issued.boot == 0 ? age : MAX (age, now.boot - self->issued.boot);
}

/* Whether no clock can tell the age: the server has to. */
static gboolean
is_ageless (const TaToken *self, TaInstant now)
{
  return get_age (self, now) < -SKEW;
}

static gint64
get_lifetime (const TaToken *self)
{
  return self->expires_at - self->issued.wall;
}

/* Whether the access token can still be used. */
gboolean
ta_token_is_valid (const TaToken *self, TaInstant now)
{
  gint64 lifetime = get_lifetime (self);

  return self->expires_at == 0 || (lifetime > 0 && is_ageless (self, now))
         || get_age (self, now) < lifetime;
}

/* Seconds for which a token that can still be used and expires is good, as far as the clocks know;
 * one at least. */
gint64
ta_token_get_time_left (const TaToken *self, TaInstant now)
{
  return MAX (get_lifetime (self) - MAX (get_age (self, now), 0), 1);
}

/* Whether the access token may be handed out without a refresh: it lives `min_validity` seconds
 * more. A token of unknown lifetime is fresh for an hour, or for ever if it cannot be refreshed;
 * one of unknown age is not fresh. */
gboolean
ta_token_is_fresh (const TaToken *self, TaInstant now, gint64 min_validity)
{
  gint64 lifetime = get_lifetime (self);

  if (is_ageless (self, now))
    return self->refresh_token == NULL;
  if (self->expires_at == 0)
    return self->refresh_token == NULL || get_age (self, now) < ASSUMED_LIFETIME;
  if (min_validity == TA_TOKEN_DEFAULT_VALIDITY)
    min_validity = CLAMP (lifetime / 10, 0, DEFAULT_VALIDITY);
  return get_age (self, now) + min_validity < lifetime;
}

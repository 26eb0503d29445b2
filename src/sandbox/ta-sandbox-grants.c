/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-grants.h"

#include "ta-sandbox-encoding.h"

/* What the server has given away: authorization codes, refresh tokens and access tokens, each a key
 * that leads to its grant. A grant that dies takes all its keys out of the tables, so "revoked" and
 * "never heard of" are one state and no token of a dead grant can come back. Codes that were used
 * and refresh tokens that were superseded stay for as long as their grant lives: whoever shows one
 * proves that it leaked, and the grant dies (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).
 *
 * With grace, an answer that was lost on the way does no harm: the refresh token for which the one
 * in force was given still works, until that one comes back and so proves that it arrived. */

#define CODE_LIFETIME (60 * G_USEC_PER_SEC) /* RFC 6749 section 4.1.2 allows ten minutes */

typedef struct
{
  TaSandboxGrant *grant; /* (owned) */
  gint64 expires_at;
} Access;

struct _TaSandboxGrants
{
  GHashTable *codes;          /* (owned): code to grant */
  GHashTable *refresh_tokens; /* (owned): token to grant, superseded ones too */
  GHashTable *access_tokens;  /* (owned): token to Access */
  GHashTable *alive;          /* (owned): grants with a refresh token in force */
};

TaSandboxGrant *
ta_sandbox_grant_new (const char *client_id, const char *redirect_uri, const char *scope,
                      const char *code_challenge)
{
  TaSandboxGrant *self = g_rc_box_new0 (TaSandboxGrant);

  self->client_id = g_strdup (client_id);
  self->redirect_uri = g_strdup (redirect_uri);
  self->scope = g_strdup (scope);
  self->code_challenge = g_strdup (code_challenge);
  return self;
}

TaSandboxGrant *
ta_sandbox_grant_ref (TaSandboxGrant *self)
{
  return g_rc_box_acquire (self);
}

static void
clear_grant (void *data)
{
  TaSandboxGrant *self = data;

  g_free (self->client_id);
  g_free (self->redirect_uri);
  g_free (self->scope);
  g_free (self->code_challenge);
  g_free (self->refresh_token);
  g_free (self->replaced_token);
}

void
ta_sandbox_grant_unref (TaSandboxGrant *self)
{
  g_rc_box_release_full (self, clear_grant);
}

static void
free_grant (void *data)
{
  ta_sandbox_grant_unref (data);
}

static void
free_access (void *data)
{
  Access *access = data;

  ta_sandbox_grant_unref (access->grant);
  g_free (access);
}

TaSandboxGrants *
ta_sandbox_grants_new (void)
{
  TaSandboxGrants *self = g_new0 (TaSandboxGrants, 1);

  self->codes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_grant);
  self->refresh_tokens = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_grant);
  self->access_tokens = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_access);
  self->alive = g_hash_table_new_full (NULL, NULL, free_grant, NULL);
  return self;
}

static gboolean
is_of_grant (void *key, void *value, void *grant)
{
  return value == grant;
}

static gboolean
is_access_of_grant (void *key, void *value, void *grant)
{
  return ((Access *) value)->grant == grant;
}

static void
kill_grant (TaSandboxGrants *self, TaSandboxGrant *doomed)
{
  g_autoptr (TaSandboxGrant) grant = ta_sandbox_grant_ref (doomed);

  g_hash_table_foreach_remove (self->codes, is_of_grant, grant);
  g_hash_table_foreach_remove (self->refresh_tokens, is_of_grant, grant);
  g_hash_table_foreach_remove (self->access_tokens, is_access_of_grant, grant);
  g_hash_table_remove (self->alive, grant);
}

static gboolean
is_stale_code (void *key, void *value, void *now)
{
  TaSandboxGrant *grant = value;

  return !grant->redeemed && grant->code_expires_at <= *(gint64 *) now;
}

static gboolean
is_stale_access (void *key, void *value, void *now)
{
  return ((Access *) value)->expires_at <= *(gint64 *) now;
}

char *
ta_sandbox_grants_issue_code (TaSandboxGrants *self, TaSandboxGrant *grant, gint64 now)
{
  char *code = ta_sandbox_encoding_random_token ("code");

  g_hash_table_foreach_remove (self->codes, is_stale_code, &now);
  g_hash_table_foreach_remove (self->access_tokens, is_stale_access, &now);
  grant->code_expires_at = now + CODE_LIFETIME;
  g_hash_table_insert (self->codes, g_strdup (code), ta_sandbox_grant_ref (grant));
  return code;
}

/* (nullable): the grant of a code that is good; from now on it is used, whatever else is wrong with
 * the request. `reused`: it was used before, and all that came of it is dead now. */
TaSandboxGrant *
ta_sandbox_grants_redeem_code (TaSandboxGrants *self, const char *code, const char *client_id,
                               gint64 now, gboolean *reused)
{
  TaSandboxGrant *grant = g_hash_table_lookup (self->codes, code);

  *reused = FALSE;
  if (grant == NULL || !g_str_equal (grant->client_id, client_id))
    return NULL;
  if (grant->redeemed)
    {
      *reused = TRUE;
      kill_grant (self, grant);
      return NULL;
    }
  grant->redeemed = TRUE;
  return grant->code_expires_at > now ? ta_sandbox_grant_ref (grant) : NULL;
}

/* A new refresh token, which supersedes the one before. `replaced_token` (nullable) is the one that
 * was shown for it. */
const char *
ta_sandbox_grants_issue_refresh (TaSandboxGrants *self, TaSandboxGrant *grant,
                                 const char *replaced_token)
{
  char *copy = g_strdup (replaced_token);

  g_free (grant->replaced_token);
  grant->replaced_token = copy;
  g_free (grant->refresh_token);
  grant->refresh_token = ta_sandbox_encoding_random_token ("refresh");
  g_hash_table_insert (self->refresh_tokens, g_strdup (grant->refresh_token),
                       ta_sandbox_grant_ref (grant));
  g_hash_table_add (self->alive, ta_sandbox_grant_ref (grant));
  return grant->refresh_token;
}

/* (nullable): the grant of a refresh token that is in force, or works out of grace. `reused`: it
 * was superseded, and its grant is dead now. */
TaSandboxGrant *
ta_sandbox_grants_use_refresh (TaSandboxGrants *self, const char *token, const char *client_id,
                               gboolean grace, gboolean *reused)
{
  TaSandboxGrant *grant = g_hash_table_lookup (self->refresh_tokens, token);

  *reused = FALSE;
  if (grant == NULL || !g_str_equal (grant->client_id, client_id))
    return NULL;
  if (g_str_equal (grant->refresh_token, token))
    g_clear_pointer (&grant->replaced_token, g_free);
  else if (!grace || g_strcmp0 (grant->replaced_token, token) != 0)
    {
      *reused = TRUE;
      kill_grant (self, grant);
      return NULL;
    }
  return ta_sandbox_grant_ref (grant);
}

/* `lifetime` in seconds; 0: it never expires by itself. */
char *
ta_sandbox_grants_issue_access (TaSandboxGrants *self, TaSandboxGrant *grant, gint64 lifetime,
                                gint64 now)
{
  char *token = ta_sandbox_encoding_random_token ("access");
  Access *access = g_new0 (Access, 1);

  access->grant = ta_sandbox_grant_ref (grant);
  access->expires_at = lifetime == 0 ? G_MAXINT64 : now + lifetime * G_USEC_PER_SEC;
  g_hash_table_insert (self->access_tokens, g_strdup (token), access);
  return token;
}

gboolean
ta_sandbox_grants_accept_access (TaSandboxGrants *self, const char *token, gint64 now)
{
  const Access *access = g_hash_table_lookup (self->access_tokens, token);

  return access != NULL && access->expires_at > now;
}

/* RFC 7009: a refresh token takes its grant along, an access token goes alone, an unknown one is no
 * error. FALSE: the token belongs to another client. */
gboolean
ta_sandbox_grants_revoke (TaSandboxGrants *self, const char *token, const char *client_id)
{
  TaSandboxGrant *grant = g_hash_table_lookup (self->refresh_tokens, token);
  const Access *access = g_hash_table_lookup (self->access_tokens, token);
  const TaSandboxGrant *owner = grant != NULL ? grant : access != NULL ? access->grant : NULL;

  if (owner != NULL && !g_str_equal (owner->client_id, client_id))
    return FALSE;
  if (grant != NULL)
    kill_grant (self, grant);
  else
    g_hash_table_remove (self->access_tokens, token);
  return TRUE;
}

void
ta_sandbox_grants_expire_access (TaSandboxGrants *self)
{
  g_hash_table_remove_all (self->access_tokens);
}

/* All codes, tokens and grants. */
void
ta_sandbox_grants_clear (TaSandboxGrants *self)
{
  g_hash_table_remove_all (self->codes);
  g_hash_table_remove_all (self->refresh_tokens);
  g_hash_table_remove_all (self->access_tokens);
  g_hash_table_remove_all (self->alive);
}

guint
ta_sandbox_grants_count (TaSandboxGrants *self)
{
  return g_hash_table_size (self->alive);
}

void
ta_sandbox_grants_free (TaSandboxGrants *self)
{
  g_hash_table_unref (self->codes);
  g_hash_table_unref (self->refresh_tokens);
  g_hash_table_unref (self->access_tokens);
  g_hash_table_unref (self->alive);
  g_free (self);
}

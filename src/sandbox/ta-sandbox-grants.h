/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What one Allow gave one client: reference-counted. */
typedef struct
{
  char *client_id;        /* (owned) */
  char *redirect_uri;     /* (owned): as the authorization request had it */
  char *scope;            /* (owned) (nullable) */
  char *code_challenge;   /* (owned) (nullable): S256 */
  gint64 code_expires_at; /* microseconds, monotonic */
  gboolean redeemed;      /* the code was used */
  char *refresh_token;    /* (owned) (nullable): the one in force */
  char *replaced_token;   /* (owned) (nullable): what it was given for */
} TaSandboxGrant;

typedef struct _TaSandboxGrants TaSandboxGrants;

TaSandboxGrant *ta_sandbox_grant_new (const char *client_id, const char *redirect_uri,
                                      const char *scope, const char *code_challenge);
TaSandboxGrant *ta_sandbox_grant_ref (TaSandboxGrant *self);
void ta_sandbox_grant_unref (TaSandboxGrant *self);

TaSandboxGrants *ta_sandbox_grants_new (void);
char *ta_sandbox_grants_issue_code (TaSandboxGrants *self, TaSandboxGrant *grant, gint64 now);
TaSandboxGrant *ta_sandbox_grants_redeem_code (TaSandboxGrants *self, const char *code,
                                               const char *client_id, gint64 now, gboolean *reused);
const char *ta_sandbox_grants_issue_refresh (TaSandboxGrants *self, TaSandboxGrant *grant,
                                             const char *replaced_token);
TaSandboxGrant *ta_sandbox_grants_use_refresh (TaSandboxGrants *self, const char *token,
                                               const char *client_id, gboolean grace,
                                               gboolean *reused);
char *ta_sandbox_grants_issue_access (TaSandboxGrants *self, TaSandboxGrant *grant, gint64 lifetime,
                                      gint64 now);
gboolean ta_sandbox_grants_accept_access (TaSandboxGrants *self, const char *token, gint64 now);
gboolean ta_sandbox_grants_revoke (TaSandboxGrants *self, const char *token, const char *client_id);
void ta_sandbox_grants_expire_access (TaSandboxGrants *self);
void ta_sandbox_grants_clear (TaSandboxGrants *self);
guint ta_sandbox_grants_count (TaSandboxGrants *self);
void ta_sandbox_grants_free (TaSandboxGrants *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaSandboxGrant, ta_sandbox_grant_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaSandboxGrants, ta_sandbox_grants_free)

G_END_DECLS

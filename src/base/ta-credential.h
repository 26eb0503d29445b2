/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-secret.h"

G_BEGIN_DECLS

/* Longest message that is read, in bytes. */
#define TA_CREDENTIAL_MAX 65536

/* What git, or another program, asks a credential helper for: immutable. */
typedef struct
{
  char *protocol;     /* (owned) */
  char *host;         /* (owned): with the port if one was named, not normalized */
  char *username;     /* (owned) (nullable) */
  TaSecret *secret;   /* (owned) (nullable): the credential, or else the password */
  gboolean authtype;  /* it understands credentials that are no passwords */
  gboolean no_bearer; /* the server told the schemes that it takes, and Bearer is none of them */
} TaCredential;

TaCredential *ta_credential_parse (const char *data, gsize length, GError **error);
gboolean ta_credential_is_for (const TaCredential *self, const char *base_uri);
char *ta_credential_answer (const TaCredential *self, const char *account, const char *token,
                            gint64 expires_at);
void ta_credential_free (TaCredential *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaCredential, ta_credential_free)

G_END_DECLS

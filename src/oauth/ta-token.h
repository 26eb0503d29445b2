/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-instant.h"
#include "base/ta-secret.h"

G_BEGIN_DECLS

/* What a token endpoint granted: immutable, reference-counted. Times are Unix seconds. */
typedef struct
{
  TaSecret *access_token;  /* (owned) */
  TaSecret *refresh_token; /* (owned) (nullable) */
  char *type;              /* (owned): "Bearer" or "DPoP" */
  TaSecret *dpop_key;      /* (owned) (nullable): what the request was proven with (RFC 9449) */
  char **scopes;           /* (owned): granted; empty: the provider did not say */
  TaInstant issued;        /* the boot clock is known only in the run that got the token */
  gint64 expires_at;       /* 0: unknown */
} TaToken;

/* `min_validity` that means: the default. */
#define TA_TOKEN_DEFAULT_VALIDITY (-1)

#define TA_TOKEN_BEARER "Bearer"
#define TA_TOKEN_DPOP "DPoP"

TaToken *ta_token_new (const char *type, const char *access_token, const char *refresh_token,
                       const char *const *scopes, TaInstant issued, gint64 expires_at);
TaToken *ta_token_bind (const TaToken *self, TaSecret *dpop_key, gboolean is_required,
                        GError **error);
TaToken *ta_token_with_scopes (const TaToken *self, const char *const *scopes);
TaToken *ta_token_ref (TaToken *self);
void ta_token_unref (TaToken *self);
gboolean ta_token_is_text (const char *text);
gboolean ta_token_is_bound (const TaToken *self);
gboolean ta_token_is_valid (const TaToken *self, TaInstant now);
gint64 ta_token_get_time_left (const TaToken *self, TaInstant now);
gboolean ta_token_is_fresh (const TaToken *self, TaInstant now, gint64 min_validity);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaToken, ta_token_unref)

G_END_DECLS

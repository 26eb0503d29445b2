/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"
#include "oauth/ta-provider.h"

G_BEGIN_DECLS

/* The authorization response (RFC 6749 section 4.1.2): `state`, and `code` or
 * `failure`; if it has both, ta_redirect_check() says so. */
typedef struct
{
  TaSecret *state; /* (owned) */
  TaSecret *code;  /* (owned) (nullable) */
  char *failure;   /* (owned) (nullable): the error code of section 4.1.2.1, fit for a message */
  char *issuer;    /* (owned) (nullable): `iss` (RFC 9207), as received; fit for comparing only */
} TaRedirect;

TaRedirect *ta_redirect_parse (const char *query);
TaRedirect *ta_redirect_parse_answer (const char *query, const TaSecret *state);
char *ta_redirect_find_query (const char *address, const char *redirect_uri);
gboolean ta_redirect_check (const TaRedirect *self, const TaProvider *provider, GError **error);
GError *ta_redirect_get_error (const TaRedirect *self);
void ta_redirect_free (TaRedirect *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaRedirect, ta_redirect_free)

G_END_DECLS

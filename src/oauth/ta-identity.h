/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-provider.h"

G_BEGIN_DECLS

/* Who signed in: immutable, reference-counted. */
typedef struct
{
  char *source;  /* (owned): who says so, and where */
  char *subject; /* (owned): means something to that source only */
} TaIdentity;

TaIdentity *ta_identity_new (const char *source, const char *subject);
TaIdentity *ta_identity_from_id_token (const char *jwt, const char *issuer, const char *client_id,
                                       gint64 now);
TaIdentity *ta_identity_from_user_info (const char *json, gsize length, const char *uri,
                                        const char *member);
gboolean ta_identity_contradicts (const TaIdentity *self, const TaIdentity *other);
gboolean ta_identity_is_due (const TaIdentity *self, const TaProvider *provider,
                             const char *const *scopes);
TaIdentity *ta_identity_ref (TaIdentity *self);
void ta_identity_unref (TaIdentity *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaIdentity, ta_identity_unref)

G_END_DECLS

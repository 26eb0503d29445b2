/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"

G_BEGIN_DECLS

/* A private key for ES256, that is ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4): immutable,
 * reference-counted, wiped when its last owner leaves. */
typedef struct _TaDpopKey TaDpopKey;

TaDpopKey *ta_dpop_key_generate (GError **error);
TaDpopKey *ta_dpop_key_parse (const TaSecret *text, GError **error);
TaSecret *ta_dpop_key_print (const TaDpopKey *self, GError **error);
TaDpopKey *ta_dpop_key_ref (TaDpopKey *self);
void ta_dpop_key_unref (TaDpopKey *self);
const char *ta_dpop_key_get_jwk (const TaDpopKey *self);
gboolean ta_dpop_key_sign (const TaDpopKey *self, const char *text, guint8 *signature,
                           GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaDpopKey, ta_dpop_key_unref)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* An immutable, reference-counted secret string in locked memory, wiped when its last owner leaves.
 */
typedef struct _TaSecret TaSecret;

TaSecret *ta_secret_new (const char *text);
TaSecret *ta_secret_ref (TaSecret *self);
void ta_secret_unref (TaSecret *self);
const char *ta_secret_peek (const TaSecret *self);
gboolean ta_secret_equals (const TaSecret *self, const char *text);
void ta_secret_free_string (char *text);
void ta_secret_free_gstring (GString *text);

/* For g_auto: a plain string or a GString that holds a secret for a moment. */
typedef char TaSecretString;
typedef GString TaSecretGString;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaSecret, ta_secret_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaSecretString, ta_secret_free_string)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaSecretGString, ta_secret_free_gstring)

G_END_DECLS

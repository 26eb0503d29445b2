/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-deadline.h"
#include "io/ta-unlocker.h"

G_BEGIN_DECLS

typedef enum
{
  TA_KEYRING_NONE = 0,
  TA_KEYRING_PROMPT = 1 << 0,  /* the user may be asked to unlock the collection */
  TA_KEYRING_CREATE = 1 << 1,  /* the collection is wanted even if it is not there yet */
  TA_KEYRING_SECRETS = 1 << 2, /* of the items found */
} TaKeyringFlags;

/* What a deadline for the Secret Service alone is, seconds: below the 25 after which GDBus callers
 * give up. */
#define TA_KEYRING_TIMEOUT 20

#define TA_TYPE_KEYRING (ta_keyring_get_type ())
G_DECLARE_FINAL_TYPE (TaKeyring, ta_keyring, TA, KEYRING, GObject)

TaKeyring *ta_keyring_new (void);
void ta_keyring_find_async (TaKeyring *self, const SecretSchema *schema, GHashTable *attributes,
                            TaKeyringFlags flags, TaDeadline *deadline,
                            GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ta_keyring_find_finish (TaKeyring *self, GAsyncResult *result, SecretService **service,
                                   char **collection, GError **error);
TaUnlocker *ta_keyring_get_unlocker (TaKeyring *self);
void ta_keyring_forget (TaKeyring *self, SecretService *service);

G_END_DECLS

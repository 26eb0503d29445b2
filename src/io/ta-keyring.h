/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-deadline.h"
#include "io/ta-unlocker.h"

G_BEGIN_DECLS

/* What a deadline for the Secret Service alone is, seconds: below the 25 after which GDBus callers
 * give up. */
#define TA_KEYRING_TIMEOUT 20

#define TA_TYPE_KEYRING (ta_keyring_get_type ())
G_DECLARE_FINAL_TYPE (TaKeyring, ta_keyring, TA, KEYRING, GObject)

TaKeyring *ta_keyring_new (void);
void ta_keyring_open_async (TaKeyring *self, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
SecretService *ta_keyring_open_finish (TaKeyring *self, GAsyncResult *result, GError **error);
const char *ta_keyring_get_collection (TaKeyring *self);
void ta_keyring_note_collection (TaKeyring *self, const char *path);
TaUnlocker *ta_keyring_get_unlocker (TaKeyring *self);
void ta_keyring_forget (TaKeyring *self, SecretService *service);

G_END_DECLS

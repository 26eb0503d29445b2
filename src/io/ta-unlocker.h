/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsecret/secret.h>

G_BEGIN_DECLS

/* The longest that an answer takes, seconds: the prompt, and a look at what came of it. */
#define TA_UNLOCKER_TIMEOUT 125

#define TA_TYPE_UNLOCKER (ta_unlocker_get_type ())
G_DECLARE_FINAL_TYPE (TaUnlocker, ta_unlocker, TA, UNLOCKER, GObject)

TaUnlocker *ta_unlocker_new (void);
void ta_unlocker_unlock_async (TaUnlocker *self, SecretService *service, const char *const *paths,
                               GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean ta_unlocker_unlock_finish (TaUnlocker *self, GAsyncResult *result, GError **error);

G_END_DECLS

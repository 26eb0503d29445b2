/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"

#include <libsecret/secret.h>

G_BEGIN_DECLS

void ta_secrets_read_async (SecretService *service, const char *const *paths,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
GHashTable *ta_secrets_read_finish (SecretService *service, GAsyncResult *result, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsecret/secret.h>

G_BEGIN_DECLS

void ta_search_async (SecretCollection *collection, const SecretSchema *schema,
                      GHashTable *attributes, gboolean with_secrets, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data);
GList *ta_search_finish (SecretCollection *collection, GAsyncResult *result, GError **error);

G_END_DECLS

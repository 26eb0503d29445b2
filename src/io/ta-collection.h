/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsecret/secret.h>

G_BEGIN_DECLS

void ta_collection_find_async (SecretService *service, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
char *ta_collection_find_finish (SecretService *service, GAsyncResult *result, gboolean *is_locked,
                                 GError **error);
void ta_collection_look_async (SecretService *service, const char *path, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_collection_look_finish (GObject *source, GAsyncResult *result, gboolean *is_locked,
                                    GError **error);

G_END_DECLS

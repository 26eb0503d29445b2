/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsecret/secret.h>

G_BEGIN_DECLS

void ta_locked_find_async (SecretService *service, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
char **ta_locked_find_finish (SecretService *service, GAsyncResult *result, GError **error);

G_END_DECLS

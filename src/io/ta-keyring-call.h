/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsecret/secret.h>

G_BEGIN_DECLS

void ta_keyring_call (SecretService *service, const char *path, const char *interface,
                      const char *method, GVariant *arguments, const char *reply_type,
                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
void ta_keyring_call_get (SecretService *service, const char *path, const char *interface,
                          const char *property, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data);
GVariant *ta_keyring_call_get_finish (GObject *source, GAsyncResult *result, const char *type,
                                      GError **error);
gboolean ta_keyring_call_is_gone (const GError *error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void ta_permission_store_load_async (GDBusConnection *bus, const char *account,
                                     const char *application, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
char **ta_permission_store_load_finish (GAsyncResult *result, GError **error);
void ta_permission_store_save_async (GDBusConnection *bus, const char *account,
                                     const char *application, const char *const *permissions,
                                     GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_permission_store_save_finish (GAsyncResult *result, GError **error);

G_END_DECLS

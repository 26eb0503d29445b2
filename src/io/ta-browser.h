/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void ta_browser_open_async (const char *uri, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_browser_open_finish (GAsyncResult *result, GError **error);

G_END_DECLS

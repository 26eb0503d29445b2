/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

int ta_download_create_pipe (int *reader, GError **error);
void ta_download_async (GInputStream *from, int fd, guint timeout, GAsyncReadyCallback callback,
                        gpointer user_data);
gboolean ta_download_finish (GAsyncResult *result, GError **error);

G_END_DECLS

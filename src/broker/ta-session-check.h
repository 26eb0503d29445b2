/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void ta_session_check_async (GDBusConnection *bus, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ta_session_check_finish (GAsyncResult *result);

G_END_DECLS

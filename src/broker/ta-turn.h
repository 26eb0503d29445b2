/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-throttle.h"

G_BEGIN_DECLS

void ta_turn_async (TaThrottle *throttle, const char *uri, guint timeout, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_turn_finish (TaThrottle *throttle, GAsyncResult *result, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"

G_BEGIN_DECLS

void ta_client_check_async (GDBusConnection *bus, TaParts *parts, TaProvider *provider,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
GPtrArray *ta_client_check_finish (GAsyncResult *result);

G_END_DECLS

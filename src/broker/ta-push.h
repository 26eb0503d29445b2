/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"

G_BEGIN_DECLS

void ta_push_async (TaParts *parts, TaProvider *provider, TaClient *client, const char *query,
                    GAsyncReadyCallback callback, gpointer user_data);
char *ta_push_finish (TaParts *parts, GAsyncResult *result, gint64 *expires_in, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"

G_BEGIN_DECLS

typedef enum
{
  TA_SERVER_CHECK_OAUTH,
  TA_SERVER_CHECK_API,
} TaServerCheckKind;

void ta_server_check_async (TaParts *parts, TaServerCheckKind kind, const char *provider,
                            const char *uri, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ta_server_check_finish (GAsyncResult *result);

G_END_DECLS

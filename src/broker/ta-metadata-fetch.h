/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-throttle.h"
#include "io/ta-http.h"
#include "oauth/ta-metadata.h"

G_BEGIN_DECLS

void ta_metadata_fetch_async (TaHttp *http, TaThrottle *throttle, const char *issuer,
                              GAsyncReadyCallback callback, gpointer user_data);
TaMetadata *ta_metadata_fetch_finish (TaHttp *http, GAsyncResult *result, gint64 *lifetime,
                                      GError **error);

G_END_DECLS

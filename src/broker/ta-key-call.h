/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"

G_BEGIN_DECLS

void ta_key_call_async (TaParts *parts, TaProvider *provider, const char *path,
                        const TaHttpRequest *request, gboolean may_prompt,
                        GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data);
TaHttpResponse *ta_key_call_finish (TaParts *parts, GAsyncResult *result, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"
#include "oauth/ta-token.h"

G_BEGIN_DECLS

void ta_revocation_async (TaParts *parts, const char *provider, const char *server, TaToken *token,
                          GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data);
gboolean ta_revocation_finish (TaParts *parts, GAsyncResult *result);

G_END_DECLS

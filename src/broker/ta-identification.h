/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"
#include "oauth/ta-identity.h"
#include "oauth/ta-token.h"

G_BEGIN_DECLS

void ta_identification_async (TaParts *parts, const TaProvider *provider, const char *client_id,
                              TaToken *token, const TaSecret *id_token, guint timeout,
                              GAsyncReadyCallback callback, gpointer user_data);
TaIdentity *ta_identification_finish (TaParts *parts, GAsyncResult *result);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"
#include "oauth/ta-token.h"

G_BEGIN_DECLS

TaSecret *ta_proof_generate_key (char **thumbprint, GError **error);
gboolean ta_proof_check_key (const TaSecret *key, GError **error);
gboolean ta_proof_add (TaParts *parts, const TaSecret *key, const char *method, const char *uri,
                       const TaSecret *access_token, GHashTable *headers, GError **error);
TaSecret *ta_proof_authorize (TaParts *parts, const TaToken *token, const char *method,
                              const char *uri, GHashTable *headers, GError **error);

G_END_DECLS

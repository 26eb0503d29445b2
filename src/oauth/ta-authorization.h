/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-provider.h"

G_BEGIN_DECLS

char *ta_authorization_code_challenge (const char *code_verifier);
char *ta_authorization_query (const TaProvider *provider, const char *client_id,
                              const char *redirect_uri, const char *const *scopes,
                              const char *state, const char *code_verifier, const char *dpop_jkt);
char *ta_authorization_uri (const TaProvider *provider, const char *client_id,
                            const char *redirect_uri, const char *const *scopes, const char *state,
                            const char *code_verifier, const char *dpop_jkt);
char *ta_authorization_pushed_uri (const TaProvider *provider, const char *client_id,
                                   const char *request_uri);

G_END_DECLS

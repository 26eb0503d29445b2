/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-client.h"
#include "oauth/ta-provider.h"

G_BEGIN_DECLS

/* A POST to one of a provider's endpoints for tokens, ready to be sent. */
typedef struct
{
  const char *content_type;
  TaSecret *body;          /* (owned) */
  TaSecret *authorization; /* (owned) (nullable): value of the Authorization header */
} TaTokenRequest;

TaTokenRequest *ta_token_request_code (const TaProvider *provider, const TaClient *client,
                                       const char *code, const char *redirect_uri,
                                       const char *code_verifier);
TaTokenRequest *ta_token_request_refresh (const TaProvider *provider, const TaClient *client,
                                          const char *refresh_token);
TaTokenRequest *ta_token_request_revoke (const TaProvider *provider, const TaClient *client,
                                         const char *token, const char *type_hint);
TaTokenRequest *ta_token_request_push (const TaProvider *provider, const TaClient *client,
                                       const char *query);
TaTokenRequest *ta_token_request_device (const TaProvider *provider, const TaClient *client,
                                         const char *const *scopes);
TaTokenRequest *ta_token_request_device_code (const TaProvider *provider, const TaClient *client,
                                              const TaSecret *device_code);
void ta_token_request_free (TaTokenRequest *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaTokenRequest, ta_token_request_free)

G_END_DECLS

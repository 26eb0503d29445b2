/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-token.h"

#include "ta-sandbox-client.h"
#include "ta-sandbox-encoding.h"
#include "ta-sandbox-error.h"

#include <string.h>

/* The token endpoint (RFC 6749 section 3.2) and the revocation endpoint (RFC 7009). A request is
 * answered at once; a delay only holds the answer back. So a client that gives up waiting for a
 * rotated refresh token has lost it, as with a real server. */

static TaSandboxReply *
refuse (const char *error, const char *description)
{
  return ta_sandbox_error_new_oauth (400, error, description);
}

static TaSandboxReply *
answer_malformed (void)
{
  return refuse ("invalid_request", "The body is neither a JSON object of strings nor a form");
}

/* RFC 7636 section 4.6. A verifier without a challenge is refused: somebody may have taken the
 * challenge out of the authorization request (RFC 9700 section 2.1.1). */
static gboolean
is_verifier_right (const TaSandboxGrant *grant, const char *verifier)
{
  g_autofree char *challenge = NULL;

  if (grant->code_challenge == NULL || verifier == NULL)
    return grant->code_challenge == NULL && verifier == NULL;
  if (strlen (verifier) < 43 || strlen (verifier) > 128)
    return FALSE;
  challenge = ta_sandbox_encoding_code_challenge (verifier);
  return g_str_equal (challenge, grant->code_challenge);
}

/* RFC 6749 section 5.1. `refresh_token` (nullable) is a new one, if there is one. */
static TaSandboxReply *
answer_tokens (TaSandboxState *state, const TaSandboxRequest *request, TaSandboxGrant *grant,
               const char *scope, const char *refresh_token)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autofree char *token = ta_sandbox_grants_issue_access (state->grants, grant,
                                                           state->settings.lifetime, request->now);
  TaSandboxReply *reply;

  json_object_set_string_member (object, "access_token", token);
  json_object_set_string_member (object, "token_type", "Bearer");
  if (state->settings.lifetime > 0)
    json_object_set_int_member (object, "expires_in", state->settings.lifetime);
  if (refresh_token != NULL)
    json_object_set_string_member (object, "refresh_token", refresh_token);
  if (scope != NULL)
    json_object_set_string_member (object, "scope", scope);
  reply = ta_sandbox_reply_new_json (200, object);
  ta_sandbox_reply_set_header (reply, "Cache-Control", "no-store");
  ta_sandbox_reply_set_header (reply, "Pragma", "no-cache");
  return reply;
}

static TaSandboxReply *
exchange_code (TaSandboxState *state, const TaSandboxRequest *request,
               const TaSandboxFields *fields, const TaSandboxClient *client)
{
  const char *code = ta_sandbox_fields_get (fields, "code");
  const char *redirect_uri = ta_sandbox_fields_get (fields, "redirect_uri");
  g_autoptr (TaSandboxGrant) grant = NULL;
  gboolean reused;

  if (code == NULL || redirect_uri == NULL)
    return refuse ("invalid_request", "code and redirect_uri are required");
  grant = ta_sandbox_grants_redeem_code (state->grants, code, client->id, request->now, &reused);
  state->counters.reuse += reused;
  if (reused)
    return refuse ("invalid_grant", "The code was used before; its tokens are revoked");
  if (grant == NULL)
    return refuse ("invalid_grant", "The code is unknown or expired");
  if (!g_str_equal (grant->redirect_uri, redirect_uri))
    return refuse ("invalid_grant", "The redirect_uri is not the one of the authorization");
  if (!is_verifier_right (grant, ta_sandbox_fields_get (fields, "code_verifier")))
    return refuse ("invalid_grant", "The code_verifier does not fit the code_challenge");
  state->counters.code_exchanges++;
  return answer_tokens (state, request, grant, grant->scope,
                        ta_sandbox_grants_issue_refresh (state->grants, grant, NULL));
}

static gboolean
is_scope_within (const char *asked, const char *granted)
{
  g_auto (GStrv) asked_words = g_strsplit (asked, " ", -1);
  g_auto (GStrv) granted_words = g_strsplit (granted != NULL ? granted : "", " ", -1);

  for (int i = 0; asked_words[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) granted_words, asked_words[i]))
      return FALSE;
  return TRUE;
}

static TaSandboxReply *
refresh (TaSandboxState *state, const TaSandboxRequest *request, const TaSandboxFields *fields,
         const TaSandboxClient *client)
{
  const char *token = ta_sandbox_fields_get (fields, "refresh_token");
  const char *scope = ta_sandbox_fields_get (fields, "scope");
  gboolean grace = state->settings.rotation == TA_SANDBOX_ROTATION_GRACE;
  g_autoptr (TaSandboxGrant) grant = NULL;
  const char *next = NULL;
  gboolean reused;

  if (token == NULL)
    return refuse ("invalid_request", "refresh_token is required");
  grant = ta_sandbox_grants_use_refresh (state->grants, token, client->id, grace, &reused);
  state->counters.reuse += reused;
  if (reused)
    return refuse ("invalid_grant", "The refresh token was superseded; the grant is revoked");
  if (grant == NULL)
    return refuse ("invalid_grant", "The refresh token is unknown or revoked");
  if (scope != NULL && !is_scope_within (scope, grant->scope))
    return refuse ("invalid_scope", "More is asked than was granted");
  state->counters.refreshes++;
  if (state->settings.rotation != TA_SANDBOX_ROTATION_OFF)
    next = ta_sandbox_grants_issue_refresh (state->grants, grant, token);
  return answer_tokens (state, request, grant, scope != NULL ? scope : grant->scope, next);
}

/* Who asks, at either endpoint. NULL: `refusal` says why not. */
static const TaSandboxClient *
admit (const TaSandboxRequest *request, const TaSandboxFields *fields, TaSandboxReply **refusal)
{
  if (!ta_sandbox_fields_is_repeated (fields, NULL))
    return ta_sandbox_client_authenticate (request, fields, refusal);
  *refusal = refuse ("invalid_request", "A parameter is repeated");
  return NULL;
}

static TaSandboxReply *
answer_grant (TaSandboxState *state, const TaSandboxRequest *request, const TaSandboxFields *fields)
{
  const char *grant_type = ta_sandbox_fields_get (fields, "grant_type");
  const TaSandboxClient *client;
  TaSandboxReply *refusal = NULL;

  client = admit (request, fields, &refusal);
  if (client == NULL)
    return refusal;
  if (grant_type == NULL)
    return refuse ("invalid_request", "grant_type is required");
  if (g_str_equal (grant_type, "authorization_code"))
    return exchange_code (state, request, fields, client);
  if (g_str_equal (grant_type, "refresh_token"))
    return refresh (state, request, fields, client);
  return refuse ("unsupported_grant_type", NULL);
}

/* (nullable): one of the grant types that there are; other text may be a misplaced secret. */
static const char *
name_grant_type (const TaSandboxFields *fields)
{
  const char *const names[] = { "authorization_code", "refresh_token" };
  const char *grant_type = fields != NULL ? ta_sandbox_fields_get (fields, "grant_type") : NULL;

  for (guint i = 0; grant_type != NULL && i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i], grant_type))
      return names[i];
  return NULL;
}

TaSandboxReply *
ta_sandbox_token_answer (TaSandboxState *state, const TaSandboxRequest *request)
{
  g_autoptr (TaSandboxFields) fields = NULL;
  TaSandboxReply *reply;

  if (!g_str_equal (request->method, "POST"))
    return ta_sandbox_reply_new_method_not_allowed ("POST");
  state->counters.token++;
  fields = ta_sandbox_fields_parse_body (request);
  reply = ta_sandbox_settings_fail (&state->settings, TA_SANDBOX_ENDPOINT_TOKEN);
  if (reply == NULL)
    reply = fields == NULL ? answer_malformed () : answer_grant (state, request, fields);
  reply->word = name_grant_type (fields);
  return reply;
}

static TaSandboxReply *
revoke_token (TaSandboxState *state, const TaSandboxRequest *request, const TaSandboxFields *fields)
{
  const char *token = ta_sandbox_fields_get (fields, "token");
  const TaSandboxClient *client;
  TaSandboxReply *refusal = NULL;

  client = admit (request, fields, &refusal);
  if (client == NULL)
    return refusal;
  if (token == NULL)
    return refuse ("invalid_request", "token is required");
  if (!ta_sandbox_grants_revoke (state->grants, token, client->id))
    return refuse ("unauthorized_client", "The token was issued to another client");
  return ta_sandbox_reply_new (200, "text/plain; charset=utf-8", "");
}

TaSandboxReply *
ta_sandbox_token_answer_revocation (TaSandboxState *state, const TaSandboxRequest *request)
{
  g_autoptr (TaSandboxFields) fields = NULL;
  TaSandboxReply *reply;

  if (!g_str_equal (request->method, "POST"))
    return ta_sandbox_reply_new_method_not_allowed ("POST");
  state->counters.revocations++;
  reply = ta_sandbox_settings_fail (&state->settings, TA_SANDBOX_ENDPOINT_REVOKE);
  if (reply != NULL)
    return reply;
  fields = ta_sandbox_fields_parse_body (request);
  return fields == NULL ? answer_malformed () : revoke_token (state, request, fields);
}

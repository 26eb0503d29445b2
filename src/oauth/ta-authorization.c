/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-authorization.h"

#include "oauth/ta-encoding.h"
#include "oauth/ta-endpoint.h"

/* The S256 code challenge of a code verifier (RFC 7636 section 4.2). */
char *
ta_authorization_code_challenge (const char *code_verifier)
{
  return ta_encoding_sha256 (code_verifier);
}

/* The parameters of the authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3, RFC
 * 8707 section 2.1, RFC 9449 section 10), for a query or a form. `scopes` NULL: those of the
 * provider file; `code_verifier` counts only if the provider has PKCE; `dpop_jkt` (nullable):
 * thumbprint of the key that the code is bound to. */
char *
ta_authorization_query (const TaProvider *provider, const char *client_id, const char *redirect_uri,
                        const char *const *scopes, const char *state, const char *code_verifier,
                        const char *dpop_jkt)
{
  const char *const *asked = scopes != NULL ? scopes : (const char *const *) provider->scopes;
  g_autofree char *scope = g_strjoinv (" ", (char **) asked);
  GString *query = g_string_new (NULL);

  ta_encoding_add_field (query, "client_id", client_id);
  ta_encoding_add_field (query, "redirect_uri", redirect_uri);
  ta_encoding_add_field (query, "response_type", "code");
  if (*scope != '\0')
    ta_encoding_add_field (query, "scope", scope);
  ta_encoding_add_field (query, "state", state);
  if (provider->pkce)
    {
      g_autofree char *code_challenge = ta_authorization_code_challenge (code_verifier);

      ta_encoding_add_field (query, "code_challenge", code_challenge);
      ta_encoding_add_field (query, "code_challenge_method", "S256");
    }
  if (dpop_jkt != NULL)
    ta_encoding_add_field (query, "dpop_jkt", dpop_jkt);
  for (int i = 0; provider->resources[i] != NULL; i++)
    ta_encoding_add_field (query, "resource", provider->resources[i]);
  return g_string_free (query, FALSE);
}

/* The address to open, where requests are not pushed; arguments as above. */
char *
ta_authorization_uri (const TaProvider *provider, const char *client_id, const char *redirect_uri,
                      const char *const *scopes, const char *state, const char *code_verifier,
                      const char *dpop_jkt)
{
  g_autofree char *query = ta_authorization_query (provider, client_id, redirect_uri, scopes, state,
                                                   code_verifier, dpop_jkt);

  return ta_endpoint_add_query (provider->authorization_endpoint, query);
}

/* The address to open once the request was pushed (RFC 9126 section 4). */
char *
ta_authorization_pushed_uri (const TaProvider *provider, const char *client_id,
                             const char *request_uri)
{
  g_autoptr (GString) query = g_string_new (NULL);

  ta_encoding_add_field (query, "client_id", client_id);
  ta_encoding_add_field (query, "request_uri", request_uri);
  return ta_endpoint_add_query (provider->authorization_endpoint, query->str);
}

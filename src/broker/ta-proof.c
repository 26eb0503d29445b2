/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-proof.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"
#include "io/ta-dpop-key.h"
#include "io/ta-random.h"
#include "oauth/ta-dpop.h"

/* Showing that a request comes from the holder of a key (RFC 9449): each request gets a proof of
 * its own, made right before it is sent. The key is there as text, as it stands in the account's
 * record, and is a key only for that moment. */

#define PROOF_HEADER "DPoP"

/* Some servers take no proof from their future (RFC 9449 section 11.1 leaves it to them), not even
 * by the few milliseconds that two good clocks differ, which is a whole second in `iat` whenever a
 * new second has just begun. None minds one that is a second old. */
#define IAT_MARGIN 1

/* A key for one sign-in and everything that comes of it. `thumbprint` (out): of its public half.
 * Errors: TA_ERROR_FAILED. */
TaSecret *
ta_proof_generate_key (char **thumbprint, GError **error)
{
  g_autoptr (TaDpopKey) key = ta_dpop_key_generate (error);

  if (key == NULL)
    return NULL;
  *thumbprint = ta_dpop_thumbprint (ta_dpop_key_get_jwk (key));
  return ta_dpop_key_print (key, error);
}

static TaDpopKey *
parse_key (const TaSecret *key, GError **error)
{
  TaDpopKey *parsed = ta_dpop_key_parse (key, NULL);

  if (parsed == NULL)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED,
                         "The key that this login is bound to is damaged: sign in again");
  return parsed;
}

/* Whether proofs can be made with a key.
 * Errors: TA_ERROR_SIGN_IN_REQUIRED. */
gboolean
ta_proof_check_key (const TaSecret *key, GError **error)
{
  g_autoptr (TaDpopKey) parsed = parse_key (key, error);

  return parsed != NULL;
}

/* Puts a proof for the request into its headers (name to value, both owned by the table).
 * `access_token` (nullable): that goes with the request.
 * Errors: TA_ERROR_SIGN_IN_REQUIRED: the key is damaged; TA_ERROR_FAILED. */
gboolean
ta_proof_add (TaParts *parts, const TaSecret *key, const char *method, const char *uri,
              const TaSecret *access_token, GHashTable *headers, GError **error)
{
  g_autoptr (TaDpopKey) parsed = parse_key (key, error);
  g_autoptr (TaSecret) jti = ta_random_text ();
  const TaDpopClaims claims = {
    .jti = ta_secret_peek (jti),
    .method = method,
    .uri = uri,
    .now = ta_clock_now ().wall - IAT_MARGIN,
    .nonce = ta_dpop_nonces_find (parts->nonces, uri),
    .access_token = access_token == NULL ? NULL : ta_secret_peek (access_token),
  };
  g_autofree char *input = NULL;
  guint8 signature[TA_DPOP_SIGNATURE];

  if (parsed == NULL)
    return FALSE;
  input = ta_dpop_signing_input (ta_dpop_key_get_jwk (parsed), &claims);
  if (!ta_dpop_key_sign (parsed, input, signature, error))
    return FALSE;
  g_hash_table_replace (headers, g_strdup (PROOF_HEADER), ta_dpop_proof (input, signature));
  return TRUE;
}

/* The value of the Authorization header of an API request: a bound token never goes out as Bearer
 * (RFC 9449 section 7.1, RFC 6750 section 2.1). Puts the proof that belongs to it into `headers`,
 * as ta_proof_add() does, or takes out one that was there.
 * Errors: those of ta_proof_add(). */
TaSecret *
ta_proof_authorize (TaParts *parts, const TaToken *token, const char *method, const char *uri,
                    GHashTable *headers, GError **error)
{
  g_autoptr (TaSecretString) value
      = g_strconcat (token->type, " ", ta_secret_peek (token->access_token), NULL);

  g_hash_table_remove (headers, PROOF_HEADER);
  if (ta_token_is_bound (token)
      && !ta_proof_add (parts, token->dpop_key, method, uri, token->access_token, headers, error))
    return NULL;
  return ta_secret_new (value);
}

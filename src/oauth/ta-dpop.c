/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-dpop.h"

#include "base/ta-json.h"
#include "oauth/ta-encoding.h"

#include <string.h>

/* Proofs that a request comes from the holder of a key (RFC 9449): what is signed, and what a
 * server says when it wants a proof with a nonce of its own. Keys and signing are elsewhere. */

#define NONCE_MAX 1024
#define ERROR_MAX (64 * 1024)
#define NONCE_ERROR "use_dpop_nonce"
#define SPACE " \t"

/* The public key as JSON, in the one form that has a thumbprint: only the members that are
 * required, in the order of their names, without space (RFC 7638 section 3.2). Of `x` and `y` there
 * are TA_DPOP_COORDINATE bytes. */
char *
ta_dpop_jwk (const guint8 *x, const guint8 *y)
{
  g_autofree char *text_x = ta_encoding_base64url (x, TA_DPOP_COORDINATE);
  g_autofree char *text_y = ta_encoding_base64url (y, TA_DPOP_COORDINATE);

  return g_strdup_printf ("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", text_x,
                          text_y);
}

/* RFC 7638 section 3, RFC 9449 section 6: "jkt". */
char *
ta_dpop_thumbprint (const char *jwk)
{
  return ta_encoding_sha256 (jwk);
}

/* The URI without query and fragment, in the form that servers compare (RFC 9449 section 4.3, RFC
 * 3986 section 6.2). */
static char *
print_target (const char *text)
{
  const GUriFlags flags = G_URI_FLAGS_ENCODED | G_URI_FLAGS_SCHEME_NORMALIZE;
  g_autoptr (GUri) uri = g_uri_parse (text, flags, NULL);
  g_autofree char *host = NULL;

  if (uri == NULL || g_uri_get_host (uri) == NULL)
    return g_strndup (text, strcspn (text, "?#"));
  host = g_ascii_strdown (g_uri_get_host (uri), -1);
  return g_uri_join (flags, g_uri_get_scheme (uri), NULL, host, g_uri_get_port (uri),
                     g_uri_get_path (uri), NULL, NULL);
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static char *
print_claims (const TaDpopClaims *claims)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *target = print_target (claims->uri);

  json_builder_begin_object (builder);
  add_string (builder, "jti", claims->jti);
  add_string (builder, "htm", claims->method);
  add_string (builder, "htu", target);
  json_builder_set_member_name (builder, "iat");
  json_builder_add_int_value (builder, claims->now);
  if (claims->nonce != NULL)
    add_string (builder, "nonce", claims->nonce);
  if (claims->access_token != NULL)
    {
      g_autofree char *hash = ta_encoding_sha256 (claims->access_token);

      add_string (builder, "ath", hash);
    }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return ta_json_print (root, FALSE);
}

static char *
encode (const char *text)
{
  return ta_encoding_base64url ((const guint8 *) text, strlen (text));
}

/* What is to be signed with ES256 (RFC 9449 section 4.2, RFC 7515 section 5.1): header and claims.
 */
char *
ta_dpop_signing_input (const char *jwk, const TaDpopClaims *claims)
{
  g_autofree char *header
      = g_strconcat ("{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":", jwk, "}", NULL);
  g_autofree char *payload = print_claims (claims);
  g_autofree char *encoded_header = encode (header);
  g_autofree char *encoded_payload = encode (payload);

  return g_strconcat (encoded_header, ".", encoded_payload, NULL);
}

/* The value of a DPoP header, from the signing input and its TA_DPOP_SIGNATURE bytes. */
char *
ta_dpop_proof (const char *signing_input, const guint8 *signature)
{
  g_autofree char *encoded = ta_encoding_base64url (signature, TA_DPOP_SIGNATURE);

  return g_strconcat (signing_input, ".", encoded, NULL);
}

/* Whether it is the value of a DPoP-Nonce header (RFC 9449 section 8.1), of a length that is fit
 * for one. Two headers, joined by a comma and a space, are none. */
gboolean
ta_dpop_is_nonce (const char *text)
{
  gsize length = strlen (text);

  for (const char *c = text; *c != '\0'; c++)
    if (*c < 0x21 || *c > 0x7e || *c == '"' || *c == '\\')
      return FALSE;
  return length > 0 && length <= NONCE_MAX;
}

/* Whether a token endpoint asks for the same request with its nonce (RFC 9449 section 8). The code
 * or refresh token is not spent by that. The RFC's status is 400; some servers say 401. */
gboolean
ta_dpop_is_nonce_error (guint status, const char *body, gsize length)
{
  g_autoptr (JsonObject) object = NULL;

  if (status != 400 && status != 401)
    return FALSE;
  object = ta_json_parse_object (body, length, ERROR_MAX, NULL);
  return object != NULL && g_strcmp0 (ta_json_get_string (object, "error"), NONCE_ERROR) == 0;
}

/* The end of a list element: a comma that is not quoted, or the end of the text. */
static gsize
measure_element (const char *text)
{
  gboolean quoted = FALSE;
  gsize length = 0;

  for (; text[length] != '\0' && (quoted || text[length] != ','); length++)
    if (text[length] == '"')
      quoted = !quoted;
    else if (quoted && text[length] == '\\' && text[length + 1] != '\0')
      length++;
  return length;
}

/* Whether it is the parameter error=use_dpop_nonce, with a quoted value or a plain one. */
static gboolean
is_nonce_parameter (const char *text)
{
  gsize length = strcspn (text, SPACE "=");
  const char *value = text + length + strspn (text + length, SPACE);

  if (length != strlen ("error") || g_ascii_strncasecmp (text, "error", length) != 0
      || *value != '=')
    return FALSE;
  value += 1 + strspn (value + 1, SPACE);
  return g_str_equal (value, NONCE_ERROR) || g_str_equal (value, "\"" NONCE_ERROR "\"");
}

/* Whether an API asks for the same request with its nonce (RFC 9449 section 9). `challenges`
 * (nullable): value of WWW-Authenticate. It is a list of parameters, some of which have the scheme
 * of a new challenge in front (RFC 9110 section 11.6.1). */
gboolean
ta_dpop_is_nonce_challenge (guint status, const char *challenges)
{
  const char *at = challenges != NULL ? challenges : "";
  gboolean is_dpop = FALSE;

  if (status != 401)
    return FALSE;
  while (*at != '\0')
    {
      gsize length = measure_element (at);
      g_autofree char *element = g_strstrip (g_strndup (at, length));
      gsize word = strcspn (element, SPACE "=");
      gsize gap = strspn (element + word, SPACE);
      const char *parameter = element;

      if (word > 0 && element[word + gap] != '=')
        {
          is_dpop = word == strlen ("DPoP") && g_ascii_strncasecmp (element, "DPoP", word) == 0;
          parameter = element + word + gap;
        }
      if (is_dpop && is_nonce_parameter (parameter))
        return TRUE;
      at += length + (at[length] == ',');
    }
  return FALSE;
}

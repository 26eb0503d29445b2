/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-token-response.h"

#include "base/ta-error.h"
#include "base/ta-json.h"
#include "oauth/ta-encoding.h"

#include <string.h>

/* A lifetime beyond ten years is not believed. */
#define LIFETIME_MAX G_GINT64_CONSTANT (315360000)
#define SCOPE_MAX 4096

static TaToken *
fail (GError **error, int code, const char *message)
{
  g_set_error_literal (error, TA_ERROR, code, message);
  return NULL;
}

/* What went wrong, from the error code (RFC 6749 section 5.2) if there is one, else from the
 * status. Only invalid_grant is final for a login; everything else may pass. */
static TaToken *
fail_by_code (const char *code, guint status, gboolean is_refresh, GError **error)
{
  if (g_str_equal (code, "invalid_grant") && is_refresh)
    return fail (error, TA_ERROR_SIGN_IN_REQUIRED, "The provider ended this login: sign in again");
  if (g_str_equal (code, "invalid_grant"))
    return fail (error, TA_ERROR_SIGN_IN_FAILED,
                 "The provider refused the authorization code: sign in again");
  if (g_str_equal (code, "invalid_client") || g_str_equal (code, "unauthorized_client"))
    return fail (error, TA_ERROR_CLIENT_REJECTED,
                 "The provider refused the client id or its secret: set them with tidio-auth "
                 "client set");
  if (g_str_equal (code, "temporarily_unavailable") || g_str_equal (code, "server_error")
      || g_str_equal (code, "slow_down"))
    return fail (error, TA_ERROR_SERVER_ERROR,
                 "The provider's token endpoint is out of order: try again later");
  g_set_error (error, TA_ERROR, is_refresh ? TA_ERROR_FAILED : TA_ERROR_SIGN_IN_FAILED,
               "The provider refused the token request (%s, HTTP %u): check the provider file",
               ta_error_quote_code (code), status);
  return NULL;
}

static TaToken *
fail_by_status (guint status, const char *body, gsize length, gboolean is_refresh, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  const char *code = NULL;

  if (status == 429)
    return fail (error, TA_ERROR_RATE_LIMITED,
                 "The provider's token endpoint asks for fewer requests: try again later");
  if (status == 408 || status >= 500)
    return fail (error, TA_ERROR_SERVER_ERROR,
                 "The provider's token endpoint is out of order: try again later");
  if (status >= 400)
    object = ta_json_parse_object (body, length, TA_TOKEN_RESPONSE_MAX, NULL);
  if (object != NULL)
    code = ta_json_get_string (object, "error");
  if (code != NULL)
    return fail_by_code (code, status, is_refresh, error);
  g_set_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE,
               "The token endpoint answered HTTP %u without an OAuth error: check TokenEndpoint "
               "and the network",
               status);
  return NULL;
}

static gint64
get_expires_at (JsonObject *object, gint64 now)
{
  gint64 lifetime;

  if (!ta_json_get_int64 (object, "expires_in", &lifetime) || lifetime <= 0
      || lifetime > LIFETIME_MAX)
    return 0;
  return now + lifetime;
}

/* A missing type counts as Bearer: Tidio's answers may leave it out. */
static gboolean
is_bearer (JsonObject *object)
{
  const char *type = ta_json_get_string (object, "token_type");

  if (!json_object_has_member (object, "token_type"))
    return TRUE;
  return type != NULL && g_ascii_strcasecmp (type, "Bearer") == 0;
}

/* The granted scopes; where the answer has none, those granted before (RFC 6749 section 5.1, 6). */
static char **
get_scopes (JsonObject *object, const TaToken *previous)
{
  const char *scope = ta_json_get_string (object, "scope");

  if (scope != NULL && *scope != '\0' && strlen (scope) <= SCOPE_MAX && g_str_is_ascii (scope))
    return ta_encoding_split_words (scope);
  return previous != NULL ? g_strdupv (previous->scopes) : g_new0 (char *, 1);
}

/* Parses the answer to a token request. `previous` NULL: to a code, else to its refresh. A defect
 * in anything but the token itself never voids an answer: by then the provider may have replaced
 * the old refresh token (RFC 6749 section 6), and dropping the answer would lose the login.
 * Errors: TA_ERROR_SIGN_IN_REQUIRED, TA_ERROR_SIGN_IN_FAILED, TA_ERROR_CLIENT_REJECTED,
 * TA_ERROR_SERVER_ERROR, TA_ERROR_RATE_LIMITED, TA_ERROR_INVALID_RESPONSE, TA_ERROR_FAILED. */
TaToken *
ta_token_response_parse (guint status, const char *body, gsize length, TaInstant now,
                         const TaToken *previous, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  g_auto (GStrv) scopes = NULL;
  const char *access_token;
  const char *refresh_token;

  if (status < 200 || status > 299)
    return fail_by_status (status, body, length, previous != NULL, error);
  object = ta_json_parse_object (body, length, TA_TOKEN_RESPONSE_MAX, error);
  if (object == NULL)
    return NULL;
  access_token = ta_json_get_string (object, "access_token");
  if (access_token == NULL || !ta_token_is_text (access_token))
    return fail (error, TA_ERROR_INVALID_RESPONSE,
                 "The token endpoint's answer has no usable access_token: check TokenEndpoint");
  if (!is_bearer (object))
    return fail (error, TA_ERROR_INVALID_RESPONSE,
                 "The token endpoint granted a token_type other than Bearer, which is not "
                 "supported: check the provider file");
  refresh_token = ta_json_get_string (object, "refresh_token");
  if (refresh_token != NULL && !ta_token_is_text (refresh_token))
    refresh_token = NULL;
  if (refresh_token == NULL && previous != NULL && previous->refresh_token != NULL)
    refresh_token = ta_secret_peek (previous->refresh_token);
  scopes = get_scopes (object, previous);
  return ta_token_new (access_token, refresh_token, (const char *const *) scopes, now,
                       get_expires_at (object, now.wall));
}

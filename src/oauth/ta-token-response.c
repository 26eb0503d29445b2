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

static gint64
get_expires_at (JsonObject *object, gint64 now)
{
  gint64 lifetime;

  if (!ta_json_get_int64 (object, "expires_in", &lifetime) || lifetime <= 0
      || lifetime > LIFETIME_MAX)
    return 0;
  return now + lifetime;
}

/* NULL: unknown. A missing type, or null, counts as Bearer: Tidio's answers may leave it out. */
static const char *
find_type (JsonObject *object)
{
  const char *type = ta_json_get_string (object, "token_type");

  if (!json_object_has_member (object, "token_type")
      || json_object_get_null_member (object, "token_type"))
    return TA_TOKEN_BEARER;
  if (type != NULL && g_ascii_strcasecmp (type, TA_TOKEN_BEARER) == 0)
    return TA_TOKEN_BEARER;
  return type != NULL && g_ascii_strcasecmp (type, TA_TOKEN_DPOP) == 0 ? TA_TOKEN_DPOP : NULL;
}

/* (nullable): those in the answer; NULL if they are none, or not all of them are scopes. */
static char **
find_scopes (JsonObject *object)
{
  const char *scope = ta_json_get_string (object, "scope");
  g_auto (GStrv) words = NULL;

  if (scope == NULL || *scope == '\0' || strlen (scope) > SCOPE_MAX)
    return NULL;
  words = ta_encoding_split_words (scope);
  for (int i = 0; words[i] != NULL; i++)
    if (!ta_encoding_is_scope (words[i]))
      return NULL;
  return g_steal_pointer (&words);
}

/* The granted scopes; where the answer has none, those granted before (RFC 6749 section 5.1, 6). */
static char **
get_scopes (JsonObject *object, const TaToken *previous)
{
  char **scopes = find_scopes (object);

  if (scopes != NULL)
    return scopes;
  return previous != NULL ? g_strdupv (previous->scopes) : g_new0 (char *, 1);
}

/* Parses the answer to a token request. `previous` NULL: to a code, else to its refresh. Whether
 * the type of the token is right for the request, ta_token_bind() tells. An answer that is one JSON
 * object with a usable token of a known type counts, whatever else is wrong in it: by then the
 * provider may have replaced the old refresh token (RFC 6749 section 6), and dropping the answer
 * would lose the login. Errors:
 * TA_ERROR_SIGN_IN_REQUIRED, TA_ERROR_SIGN_IN_FAILED, TA_ERROR_CLIENT_REJECTED,
 * TA_ERROR_SERVER_ERROR, TA_ERROR_RATE_LIMITED, TA_ERROR_INVALID_RESPONSE, TA_ERROR_FAILED. */
TaToken *
ta_token_response_parse (guint status, const char *body, gsize length, TaInstant now,
                         const TaToken *previous, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  g_auto (GStrv) scopes = NULL;
  const char *type;
  const char *access_token;
  const char *refresh_token;

  object = ta_answer_parse (previous != NULL ? TA_ANSWER_REFRESH : TA_ANSWER_CODE, status, body,
                            length, error);
  if (object == NULL)
    return NULL;
  access_token = ta_json_get_string (object, "access_token");
  if (access_token == NULL || !ta_token_is_text (access_token))
    return fail (error, TA_ERROR_INVALID_RESPONSE,
                 "The token endpoint's answer has no usable access_token: check TokenEndpoint");
  type = find_type (object);
  if (type == NULL)
    return fail (error, TA_ERROR_INVALID_RESPONSE,
                 "The token endpoint granted a token_type other than Bearer and DPoP, which is not "
                 "supported: check the provider file");
  refresh_token = ta_json_get_string (object, "refresh_token");
  if (refresh_token != NULL && !ta_token_is_text (refresh_token))
    refresh_token = NULL;
  if (refresh_token == NULL && previous != NULL && previous->refresh_token != NULL)
    refresh_token = ta_secret_peek (previous->refresh_token);
  scopes = get_scopes (object, previous);
  return ta_token_new (type, access_token, refresh_token, (const char *const *) scopes, now,
                       get_expires_at (object, now.wall));
}

/* (nullable): the ID token of a good answer (OpenID Connect Core 1.0 section 3.1.3.3). It says who
 * signed in (ta_identity_from_id_token()); it is no part of the token, so that nobody keeps it. */
TaSecret *
ta_token_response_find_id_token (const char *body, gsize length)
{
  const char *const read[] = { "id_token", NULL };
  g_autoptr (JsonObject) object
      = ta_json_parse_tolerantly (body, length, TA_ANSWER_MAX, read, NULL);
  const char *id_token = object == NULL ? NULL : ta_json_get_string (object, "id_token");

  return id_token == NULL ? NULL : ta_secret_new (id_token);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-answer.h"

#include "base/ta-error.h"
#include "base/ta-json.h"

/* How the token endpoint answers (RFC 6749 section 5), and with it the pushed authorization request
 * endpoint (RFC 9126 section 2.3) and the device authorization endpoint (RFC 8628 section 3.2):
 * with a JSON object, or with an error code. */

typedef struct
{
  const char *endpoint;
  const char *request;
  const char *key; /* of the provider file */
} Words;

static const Words words[] = {
  [TA_ANSWER_CODE] = { "token endpoint", "token request", "TokenEndpoint" },
  [TA_ANSWER_REFRESH] = { "token endpoint", "token request", "TokenEndpoint" },
  [TA_ANSWER_DEVICE_CODE] = { "token endpoint", "token request", "TokenEndpoint" },
  [TA_ANSWER_PUSH] = { "pushed authorization request endpoint", "pushed authorization request",
                       "PushedAuthorizationRequestEndpoint" },
  [TA_ANSWER_DEVICE] = { "device authorization endpoint", "device authorization request",
                         "DeviceAuthorizationEndpoint" },
};

static void
fail (GError **error, int code, const char *message)
{
  g_set_error_literal (error, TA_ERROR, code, message);
}

static void
fail_out_of_order (TaAnswerKind kind, GError **error)
{
  g_set_error (error, TA_ERROR, TA_ERROR_SERVER_ERROR,
               "The provider's %s is out of order: try again later", words[kind].endpoint);
}

/* What went wrong, from the error code (RFC 6749 section 5.2). Only invalid_grant is final for a
 * login; everything else may pass. */
static void
fail_by_code (TaAnswerKind kind, const char *code, guint status, GError **error)
{
  gboolean is_grant = g_str_equal (code, "invalid_grant");

  if (is_grant && kind == TA_ANSWER_REFRESH)
    fail (error, TA_ERROR_SIGN_IN_REQUIRED, "The provider ended this login: sign in again");
  else if (is_grant && kind == TA_ANSWER_CODE)
    fail (error, TA_ERROR_SIGN_IN_FAILED,
          "The provider refused the authorization code: sign in again");
  else if (is_grant && kind == TA_ANSWER_DEVICE_CODE)
    fail (error, TA_ERROR_SIGN_IN_FAILED, "The provider refused the device code: sign in again");
  else if (g_str_equal (code, "invalid_client") || g_str_equal (code, "unauthorized_client"))
    fail (error, TA_ERROR_CLIENT_REJECTED,
          "The provider refused the client id or its secret: set them with tidio-auth client set");
  else if (g_str_equal (code, "invalid_dpop_proof"))
    fail (error, kind == TA_ANSWER_REFRESH ? TA_ERROR_FAILED : TA_ERROR_SIGN_IN_FAILED,
          "The provider refused the proof that goes with the request: check this computer's clock");
  else if (g_str_equal (code, "temporarily_unavailable") || g_str_equal (code, "server_error")
           || g_str_equal (code, "slow_down"))
    fail_out_of_order (kind, error);
  else
    g_set_error (error, TA_ERROR,
                 kind == TA_ANSWER_REFRESH ? TA_ERROR_FAILED : TA_ERROR_SIGN_IN_FAILED,
                 "The provider refused the %s (%s, HTTP %u): check the provider file",
                 words[kind].request, ta_error_quote_code (code), status);
}

/* (nullable): the error code as received; NULL if the answer has none. */
char *
ta_answer_find_code (guint status, const char *body, gsize length)
{
  g_autoptr (JsonObject) object = NULL;

  if (status >= 400)
    object = ta_json_parse_object (body, length, TA_ANSWER_MAX, NULL);
  return object == NULL ? NULL : g_strdup (ta_json_get_string (object, "error"));
}

/* Some servers take forms only, some JSON only, and neither reads the other. */
static void
fail_by_format (TaAnswerKind kind, GError **error)
{
  g_set_error (error, TA_ERROR,
               kind == TA_ANSWER_REFRESH ? TA_ERROR_FAILED : TA_ERROR_SIGN_IN_FAILED,
               "The provider's %s does not take requests in this format (HTTP 415): check "
               "TokenRequestFormat in the provider file",
               words[kind].endpoint);
}

static void
fail_by_status (TaAnswerKind kind, guint status, const char *body, gsize length, GError **error)
{
  g_autofree char *code = NULL;

  if (status == 429)
    {
      g_set_error (error, TA_ERROR, TA_ERROR_RATE_LIMITED,
                   "The provider's %s asks for fewer requests: try again later",
                   words[kind].endpoint);
      return;
    }
  if (status == 408 || status >= 500)
    {
      fail_out_of_order (kind, error);
      return;
    }
  code = ta_answer_find_code (status, body, length);
  if (code != NULL)
    fail_by_code (kind, code, status, error);
  else if (status == 415)
    fail_by_format (kind, error);
  else
    g_set_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                 "The %s answered HTTP %u without an OAuth error: check %s and the network",
                 words[kind].endpoint, status, words[kind].key);
}

/* What a token cannot do without. */
static const char *const token_members[] = { "access_token", NULL };

/* A token is too dear to be dropped for what else stands in the answer. */
static gboolean
has_token (TaAnswerKind kind)
{
  return kind == TA_ANSWER_CODE || kind == TA_ANSWER_REFRESH || kind == TA_ANSWER_DEVICE_CODE;
}

/* The object of a good answer. In one with a token only access_token must not be there twice, and
 * must have no escape that stands for no text; with one, any other member is no text that is read.
 * Errors: TA_ERROR_SIGN_IN_REQUIRED (TA_ANSWER_REFRESH only), TA_ERROR_SIGN_IN_FAILED,
 * TA_ERROR_CLIENT_REJECTED, TA_ERROR_SERVER_ERROR, TA_ERROR_RATE_LIMITED,
 * TA_ERROR_INVALID_RESPONSE, TA_ERROR_FAILED. */
JsonObject *
ta_answer_parse (TaAnswerKind kind, guint status, const char *body, gsize length, GError **error)
{
  if (status >= 200 && status <= 299)
    return ta_json_parse_tolerantly (body, length, TA_ANSWER_MAX,
                                     has_token (kind) ? token_members : NULL, error);
  fail_by_status (kind, status, body, length, error);
  return NULL;
}

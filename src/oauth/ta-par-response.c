/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-par-response.h"

#include "base/ta-error.h"
#include "base/ta-json.h"
#include "oauth/ta-answer.h"

#include <string.h>

#define REQUEST_URI_MAX 2048

/* It becomes one parameter of the authorization URI and is never fetched: any scheme will do. */
static gboolean
is_request_uri (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    if (*c <= 0x20 || *c >= 0x7f)
      return FALSE;
  return g_uri_peek_scheme (text) != NULL && strlen (text) <= REQUEST_URI_MAX;
}

/* The request URI from the answer to a pushed authorization request (RFC 9126 section 2.2), to be
 * used once. `expires_in` (out): seconds, 0 if the answer does not say.
 * Errors: those of ta_answer_parse(). */
char *
ta_par_response_parse (guint status, const char *body, gsize length, gint64 *expires_in,
                       GError **error)
{
  g_autoptr (JsonObject) object = ta_answer_parse (TA_ANSWER_PUSH, status, body, length, error);
  const char *request_uri;

  *expires_in = 0;
  if (object == NULL)
    return NULL;
  request_uri = ta_json_get_string (object, "request_uri");
  if (request_uri == NULL || !is_request_uri (request_uri))
    {
      g_set_error_literal (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                           "The answer to the pushed authorization request has no usable "
                           "request_uri: check PushedAuthorizationRequestEndpoint");
      return NULL;
    }
  ta_json_get_int64 (object, "expires_in", expires_in);
  return g_strdup (request_uri);
}

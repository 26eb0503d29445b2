/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-client.h"

#include "ta-sandbox-encoding.h"
#include "ta-sandbox-error.h"

#include <string.h>

static const TaSandboxClient clients[] = {
  { "sandbox-client", "sandbox-secret" },
  { "sandbox-public", NULL },
};

/* (nullable) */
const TaSandboxClient *
ta_sandbox_client_find (const char *id)
{
  for (guint i = 0; id != NULL && i < G_N_ELEMENTS (clients); i++)
    if (g_str_equal (clients[i].id, id))
      return &clients[i];
  return NULL;
}

/* HTTP Basic with both halves form-encoded (RFC 6749 section 2.3.1). */
static gboolean
parse_basic (const char *authorization, char **id, char **secret)
{
  g_autofree char *pair = NULL;
  g_autofree guchar *bytes = NULL;
  char *colon;
  gsize length;

  if (g_ascii_strncasecmp (authorization, "Basic ", 6) != 0 || authorization[6] == '\0')
    return FALSE;
  bytes = g_base64_decode (authorization + 6, &length);
  pair = g_strndup ((const char *) bytes, length);
  colon = strchr (pair, ':');
  if (colon == NULL)
    return FALSE;
  *id = ta_sandbox_encoding_unescape (pair, (gsize) (colon - pair));
  *secret = ta_sandbox_encoding_unescape (colon + 1, strlen (colon + 1));
  return *id != NULL && *secret != NULL;
}

static gboolean
is_secret_right (const TaSandboxClient *client, const char *secret)
{
  if (client->secret == NULL)
    return secret == NULL || *secret == '\0';
  return secret != NULL && ta_sandbox_encoding_is_equal (client->secret, secret);
}

/* (nullable): the client that sent this request; NULL sets `refusal`. It names itself in the body
 * or by HTTP Basic; both at once are refused unless they agree and the secret comes once. */
const TaSandboxClient *
ta_sandbox_client_authenticate (const TaSandboxRequest *request, const TaSandboxFields *fields,
                                TaSandboxReply **refusal)
{
  const char *authorization = soup_message_headers_get_one (request->headers, "Authorization");
  const char *body_id = ta_sandbox_fields_get (fields, "client_id");
  const char *body_secret = ta_sandbox_fields_get (fields, "client_secret");
  const TaSandboxClient *client;
  g_autofree char *basic_id = NULL;
  g_autofree char *basic_secret = NULL;

  if (authorization == NULL)
    client = ta_sandbox_client_find (body_id);
  else if (!parse_basic (authorization, &basic_id, &basic_secret))
    client = NULL;
  else if (body_secret != NULL || (body_id != NULL && !g_str_equal (body_id, basic_id)))
    {
      *refusal = ta_sandbox_error_new_oauth (400, "invalid_request",
                                             "More than one client authentication");
      return NULL;
    }
  else
    client = ta_sandbox_client_find (basic_id);

  if (client != NULL
      && is_secret_right (client, authorization != NULL ? basic_secret : body_secret))
    return client;
  *refusal = ta_sandbox_error_new_oauth (401, "invalid_client", "Unknown client or wrong secret");
  return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-error.h"

/* The four ways in which a server like Tidio's says no: OAuth's JSON, the API's JSON, a bearer
 * challenge, and the page of the proxy in front of it. */

/* RFC 6749 section 5.2. `description` (nullable). */
TaSandboxReply *
ta_sandbox_error_new_oauth (guint status, const char *error, const char *description)
{
  g_autoptr (JsonObject) object = json_object_new ();
  TaSandboxReply *reply;

  json_object_set_string_member (object, "error", error);
  if (description != NULL)
    json_object_set_string_member (object, "error_description", description);
  reply = ta_sandbox_reply_new_json (status, object);
  ta_sandbox_reply_set_header (reply, "Cache-Control", "no-store");
  if (status == 401)
    ta_sandbox_reply_set_header (reply, "WWW-Authenticate", "Basic realm=\"tidio-auth-sandbox\"");
  return reply;
}

TaSandboxReply *
ta_sandbox_error_new_api (guint status, const char *code, const char *message)
{
  g_autoptr (JsonObject) object = json_object_new ();
  JsonArray *errors = json_array_new ();
  JsonObject *error = json_object_new ();

  json_object_set_string_member (error, "code", code);
  json_object_set_string_member (error, "message", message);
  json_array_add_object_element (errors, error);
  json_object_set_array_member (object, "errors", errors);
  return ta_sandbox_reply_new_json (status, object);
}

/* RFC 6750 section 3.1. */
TaSandboxReply *
ta_sandbox_error_new_invalid_token (void)
{
  TaSandboxReply *reply = ta_sandbox_error_new_api (
      401, "invalid_token", "The access token is missing, unknown, expired or revoked");

  ta_sandbox_reply_set_header (reply, "WWW-Authenticate", "Bearer error=\"invalid_token\"");
  return reply;
}

TaSandboxReply *
ta_sandbox_error_new_rate_limited (void)
{
  TaSandboxReply *reply
      = ta_sandbox_error_new_api (429, "too_many_requests", "Too many requests, try again later");

  ta_sandbox_reply_set_header (reply, "retry-after", "1");
  return reply;
}

TaSandboxReply *
ta_sandbox_error_new_proxy (guint status)
{
  const char *phrase = soup_status_get_phrase (status);
  g_autofree char *page
      = g_strdup_printf ("<html>\r\n<head><title>%u %s</title></head>\r\n<body>\r\n"
                         "<center><h1>%u %s</h1></center>\r\n</body>\r\n</html>\r\n",
                         status, phrase, status, phrase);

  return ta_sandbox_reply_new (status, "text/html", page);
}

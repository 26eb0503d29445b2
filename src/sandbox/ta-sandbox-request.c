/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-request.h"

#include "base/ta-json.h"

/* Whether it is GET or HEAD; the server leaves out the body of an answer to HEAD by itself. */
gboolean
ta_sandbox_request_is_read (const TaSandboxRequest *self)
{
  return g_str_equal (self->method, "GET") || g_str_equal (self->method, "HEAD");
}

/* Whether the body says it is of that media type, with any parameters. */
gboolean
ta_sandbox_request_has_content_type (const TaSandboxRequest *self, const char *type)
{
  const char *actual = soup_message_headers_get_content_type (self->headers, NULL);

  return actual != NULL && g_ascii_strcasecmp (actual, type) == 0;
}

gboolean
ta_sandbox_request_is_loopback (const char *host)
{
  const char *const hosts[] = { "localhost", "127.0.0.1", "::1", NULL };

  return host != NULL && g_strv_contains (hosts, host);
}

/* Whether the Host header names this machine. It does not when a web page reaches the server by a
 * DNS name of its own that it points at 127.0.0.1. */
gboolean
ta_sandbox_request_names_loopback (const TaSandboxRequest *self)
{
  const char *host = soup_message_headers_get_one (self->headers, "Host");
  g_autofree char *text = g_strdup_printf ("http://%s/", host != NULL ? host : "");
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);

  return uri != NULL && g_uri_get_userinfo (uri) == NULL && g_str_equal (g_uri_get_path (uri), "/")
         && ta_sandbox_request_is_loopback (g_uri_get_host (uri));
}

/* Errors: as ta_json_parse_object(). */
JsonObject *
ta_sandbox_request_parse_json (const TaSandboxRequest *self, GError **error)
{
  gsize length;
  const char *data = g_bytes_get_data (self->body, &length);

  return ta_json_parse_object (data != NULL ? data : "", length, TA_SANDBOX_REQUEST_MAX_BODY,
                               error);
}

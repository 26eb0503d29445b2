/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-api-request.h"

#include <gio/gio.h>
#include <string.h>

/* What a caller may put into an API request, and what it gets to see of the answer. libsoup passes
 * CR and LF on in methods and content types, so nothing of the caller's is sent that was not
 * recognised here. */

#define VALUE_MAX 1024

/* The method as a constant: one of those an API call may have (RFC 9110 section 9), spelled so.
 * Errors: G_DBUS_ERROR_INVALID_ARGS. */
const char *
ta_api_request_find_method (const char *method, GError **error)
{
  const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };

  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_str_equal (method, methods[i]))
      return methods[i];
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                       "The method must be GET, HEAD, POST, PUT, PATCH or DELETE");
  return NULL;
}

static gboolean
is_printable (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    if (*c < 0x20 || *c > 0x7e)
      return FALSE;
  return TRUE;
}

/* Whether a request may carry the header. Errors: G_DBUS_ERROR_INVALID_ARGS. */
gboolean
ta_api_request_check_header (const char *name, const char *value, GError **error)
{
  const char *const allowed[]
      = { "Accept",          "Accept-Language", "If-Match", "If-None-Match", "If-Modified-Since",
          "Idempotency-Key", "X-Request-Id" };

  for (gsize i = 0; i < G_N_ELEMENTS (allowed); i++)
    if (g_ascii_strcasecmp (name, allowed[i]) == 0)
      {
        if (is_printable (value) && strlen (value) <= VALUE_MAX)
          return TRUE;
        g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                     "The value of header %s must be printable ASCII of at most 1024 characters",
                     allowed[i]);
        return FALSE;
      }
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                       "A header must be Accept, Accept-Language, If-Match, If-None-Match, "
                       "If-Modified-Since, Idempotency-Key or X-Request-Id");
  return FALSE;
}

/* Errors: G_DBUS_ERROR_INVALID_ARGS. */
gboolean
ta_api_request_check_content_type (const char *content_type, GError **error)
{
  g_autoptr (GRegex) regex
      = g_regex_new ("\\A[a-z]+/[A-Za-z0-9.+-]+(; ?charset=utf-8)?\\z", G_REGEX_CASELESS, 0, NULL);

  if (strlen (content_type) <= VALUE_MAX && g_regex_match (regex, content_type, 0, NULL))
    return TRUE;
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                       "The content type must be as in application/json, or with charset=utf-8");
  return FALSE;
}

/* Whether a caller gets to see the response header; `name` in lower case. */
gboolean
ta_api_request_shows_header (const char *name)
{
  const char *const shown[] = { "content-type", "etag", "last-modified", "retry-after",
                                "location",     "link", "x-request-id" };

  for (gsize i = 0; i < G_N_ELEMENTS (shown); i++)
    if (g_str_equal (name, shown[i]))
      return TRUE;
  return g_str_has_prefix (name, "x-ratelimit-");
}

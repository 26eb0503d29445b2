/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-callback-request.h"

#include "oauth/ta-encoding.h"

#include <string.h>

/* RFC 9110 section 7.2, with the host of RFC 3986 section 3.2.2. */
static gboolean
is_well_formed (const char *value)
{
  return g_regex_match_simple ("^(\\[[0-9A-Za-z:.]+\\]|[0-9A-Za-z._~%!$&'()*+,;=-]+)(:[0-9]*)?$",
                               value, G_REGEX_RAW | G_REGEX_DOLLAR_ENDONLY, 0);
}

/* The Host of the redirect URI and no other, against DNS rebinding. */
static gboolean
is_host (const char *value, const char *host, guint16 port)
{
  const char *open = strchr (host, ':') != NULL ? "[" : "";
  const char *close = strchr (host, ':') != NULL ? "]" : "";
  g_autofree char *name = g_strconcat (open, host, close, NULL);
  g_autofree char *expected = g_strdup_printf ("%s:%u", name, port);

  return g_ascii_strcasecmp (value, expected) == 0
         || (port == 80 && g_ascii_strcasecmp (value, name) == 0);
}

/* Whether the header, each time it is there, says `value`. */
static gboolean
says_nothing_but (const TaHead *head, const char *name, const char *value)
{
  for (guint i = 0; i < head->headers->len; i += 2)
    if (g_str_equal (head->headers->pdata[i], name)
        && !g_str_equal (head->headers->pdata[i + 1], value))
      return FALSE;
  return TRUE;
}

/* What a browser says of its reasons (Fetch Metadata): no prefetching, and nothing but a person's
 * navigation. Headers that are absent are accepted. */
static guint
judge_purpose (const TaHead *head)
{
  const char *const purposes[] = { "sec-purpose", "purpose", "x-moz" };

  for (gsize i = 0; i < G_N_ELEMENTS (purposes); i++)
    if (ta_head_count_header (head, purposes[i]) > 0)
      return 503;
  if (!says_nothing_but (head, "sec-fetch-mode", "navigate")
      || !says_nothing_but (head, "sec-fetch-dest", "document"))
    return 403;
  return 0;
}

/* Whether a request may be the browser's way back from the authorization server to `redirect_uri`,
 * of which `port` is the real port: 0, or the HTTP status to refuse it with. */
guint
ta_callback_request_judge (const TaHead *head, GUri *redirect_uri, guint16 port)
{
  const char *host = ta_head_get_header (head, "host");
  const char *length = ta_head_get_header (head, "content-length");
  const char *path = g_uri_get_path (redirect_uri);
  const char *raw = head->query != NULL ? head->query : "";
  g_autofree char *query = ta_encoding_unescape (raw, strlen (raw));

  if (ta_head_count_header (head, "host") != 1 || !is_well_formed (host))
    return 400;
  if (!is_host (host, g_uri_get_host (redirect_uri), port))
    return 421;
  if (!g_str_equal (head->method, "GET"))
    return 405;
  if (ta_head_count_header (head, "transfer-encoding") > 0
      || ta_head_count_header (head, "content-length") > 1
      || (length != NULL && !g_str_equal (length, "0")))
    return 413;
  if (!g_str_equal (head->path, *path == '\0' ? "/" : path))
    return 404;
  if (query == NULL)
    return 400;
  return judge_purpose (head);
}

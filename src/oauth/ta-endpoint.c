/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-endpoint.h"

#include "base/ta-error.h"

#include <gio/gio.h>
#include <string.h>

/* Which URIs may be used at all, and the one place where a caller's path becomes a URI. A path is
 * checked as it was given *and* on the parsed URI that will be sent, because GUri normalises some
 * of what the first check would have to foresee. */

#define PATH_MAX_LENGTH 4096
#define URI_MAX_LENGTH 2048

gboolean
ta_endpoint_is_loopback (const char *host)
{
  return g_str_equal (host, "127.0.0.1") || g_str_equal (host, "::1")
         || g_ascii_strcasecmp (host, "localhost") == 0;
}

/* (nullable): NULL unless it is an absolute, hierarchical URI of plain characters. */
static GUri *
parse (const char *uri, GUriFlags flags)
{
  g_autoptr (GUri) parsed = NULL;

  if (strlen (uri) > URI_MAX_LENGTH + PATH_MAX_LENGTH)
    return NULL;
  for (const char *c = uri; *c != '\0'; c++)
    if (*c <= 0x20 || *c >= 0x7f || strchr ("\"<>\\^`{|}", *c) != NULL)
      return NULL;
  parsed = g_uri_parse (uri, flags, NULL);
  if (parsed == NULL || g_uri_get_host (parsed) == NULL || *g_uri_get_host (parsed) == '\0'
      || g_uri_get_userinfo (parsed) != NULL || g_uri_get_fragment (parsed) != NULL)
    return NULL;
  return g_steal_pointer (&parsed);
}

/* (nullable): the URI as it is sent, if it is one that may be sent to at all: without user info and
 * fragment. */
GUri *
ta_endpoint_parse (const char *uri)
{
  return parse (uri, TA_ENDPOINT_URI_FLAGS);
}

/* https, or http to a loopback host; no user info, no fragment (RFC 6749 section 3.1 and 3.2). */
gboolean
ta_endpoint_is_valid (const char *uri)
{
  g_autoptr (GUri) parsed = ta_endpoint_parse (uri);

  if (parsed == NULL || strlen (uri) > URI_MAX_LENGTH)
    return FALSE;
  return g_str_equal (g_uri_get_scheme (parsed), "https")
         || (g_str_equal (g_uri_get_scheme (parsed), "http")
             && ta_endpoint_is_loopback (g_uri_get_host (parsed)));
}

/* A loopback redirect URI with an explicit port (RFC 8252 section 7.3); 0: to be chosen. */
gboolean
ta_endpoint_is_redirect_uri (const char *uri)
{
  g_autoptr (GUri) parsed = parse (uri, G_URI_FLAGS_ENCODED);

  return parsed != NULL && strlen (uri) <= URI_MAX_LENGTH
         && g_str_equal (g_uri_get_scheme (parsed), "http")
         && ta_endpoint_is_loopback (g_uri_get_host (parsed)) && g_uri_get_port (parsed) != -1
         && g_uri_get_query (parsed) == NULL;
}

/* Scheme, host and port of an endpoint, in the one way to write them (RFC 6454 section 6.2). */
char *
ta_endpoint_origin (const char *uri)
{
  g_autoptr (GUri) parsed = ta_endpoint_parse (uri);
  const char *scheme = g_uri_get_scheme (parsed);
  g_autofree char *host = g_ascii_strdown (g_uri_get_host (parsed), -1);
  int port = g_uri_get_port (parsed);
  gboolean is_default = port == (g_str_equal (scheme, "https") ? 443 : 80);

  return g_uri_join (G_URI_FLAGS_ENCODED, scheme, NULL, host, is_default ? -1 : port, "", NULL,
                     NULL);
}

/* Appends a query; one the endpoint has already is kept (RFC 6749 section 3.1). */
char *
ta_endpoint_add_query (const char *uri, const char *query)
{
  const char *mark = strchr (uri, '?');
  const char *separator = mark == NULL ? "?" : "&";

  if (mark != NULL && (mark[1] == '\0' || g_str_has_suffix (uri, "&")))
    separator = "";
  return g_strconcat (uri, separator, query, NULL);
}

/* NULL, or what is malformed about the path. */
static const char *
find_malformed (const char *path)
{
  if (strlen (path) > PATH_MAX_LENGTH)
    return "it is longer than 4096 bytes";
  for (const char *c = path; *c != '\0'; c++)
    {
      if (*c == '%' && !(g_ascii_isxdigit (c[1]) && g_ascii_isxdigit (c[2])))
        return "a percent sign is not followed by two hexadecimal digits";
      if (*c == '%'
          && (g_ascii_strncasecmp (c, "%00", 3) == 0 || g_ascii_strncasecmp (c, "%0a", 3) == 0
              || g_ascii_strncasecmp (c, "%0d", 3) == 0))
        return "it has an encoded NUL, CR or LF";
      if (!g_ascii_isalnum (*c) && strchr ("-._~!$&'()*+,;=:@/%?\\", *c) == NULL)
        return "it has a character that must be percent-encoded";
    }
  return NULL;
}

/* Whether the part in front of the query could be read as leaving the base URI. The first segment
 * takes neither ":" nor "@" (RFC 3986 section 4.2); some servers read "..;" as "..". */
static gboolean
is_escape (const char *path)
{
  const char *const encoded[] = { "%2e", "%2f", "%5c", "%25" };
  g_autofree char *lower = g_ascii_strdown (path, -1);
  g_auto (GStrv) segments = g_strsplit (lower + (*lower == '/'), "/", -1);

  for (gsize i = 0; i < G_N_ELEMENTS (encoded); i++)
    if (strstr (lower, encoded[i]) != NULL)
      return TRUE;
  if (strchr (lower, '\\') != NULL || strstr (lower, "//") != NULL
      || (segments[0] != NULL && strpbrk (segments[0], ":@") != NULL))
    return TRUE;
  for (int i = 0; segments[i] != NULL; i++)
    {
      char *parameters = strstr (segments[i], "%3b");

      if (parameters != NULL)
        *parameters = '\0';
      segments[i][strcspn (segments[i], ";")] = '\0';
      if (g_str_equal (segments[i], ".") || g_str_equal (segments[i], ".."))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_below (const char *uri, const char *base_uri)
{
  g_autoptr (GUri) parsed = ta_endpoint_parse (uri);
  g_autoptr (GUri) base = ta_endpoint_parse (base_uri);

  return parsed != NULL && base != NULL
         && g_str_equal (g_uri_get_scheme (parsed), g_uri_get_scheme (base))
         && g_str_equal (g_uri_get_host (parsed), g_uri_get_host (base))
         && g_uri_get_port (parsed) == g_uri_get_port (base)
         && g_str_has_prefix (g_uri_get_path (parsed), g_uri_get_path (base));
}

/* The URI of an API call: `path`, with an optional leading slash and an optional query, below
 * `base_uri`, which ends with a slash.
 * Errors: G_DBUS_ERROR_INVALID_ARGS (malformed), TA_ERROR_PATH_NOT_ALLOWED (not below). */
char *
ta_endpoint_api_uri (const char *base_uri, const char *path, GError **error)
{
  const char *malformed = find_malformed (path);
  g_autofree char *in_front = g_strndup (path, strcspn (path, "?"));
  g_autofree char *uri = g_strconcat (base_uri, path + (*path == '/'), NULL);

  if (malformed != NULL)
    {
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "The path is malformed: %s",
                   malformed);
      return NULL;
    }
  if (is_escape (in_front) || strchr (path, '\\') != NULL || !is_below (uri, base_uri))
    {
      g_set_error_literal (error, TA_ERROR, TA_ERROR_PATH_NOT_ALLOWED,
                           "The path must stay below the provider's BaseUri: give it as in "
                           "contacts?limit=10, without host, dot segments or encoded slashes");
      return NULL;
    }
  return g_steal_pointer (&uri);
}

/* What an API call of `path` is about: as it is sent, below the base URI, with a leading slash and
 * without the query. */
char *
ta_endpoint_api_path (const char *path)
{
  g_autofree char *in_front = g_strndup (path, strcspn (path, "?"));

  return g_strconcat ("/", in_front + (*in_front == '/'), NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-tunnel.h"

#include <string.h>

/* The command that brings a browser on another machine back to this one: the port of the redirect
 * URI through ssh. Who came here through ssh goes the same way again; SSH_CONNECTION tells it:
 * address and port of there, address and port of here. */

#define PLAIN G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._:%-"

/* Whether a shell takes it as it is, and for no option. */
static gboolean
is_plain (const char *text)
{
  return *text != '\0' && *text != '-' && text[strspn (text, PLAIN)] == '\0';
}

/* (nullable): the redirect URI, if it is told and on this machine. */
static GUri *
find_redirect (const char *authorization_uri)
{
  g_autoptr (GUri) uri = g_uri_parse (authorization_uri, G_URI_FLAGS_ENCODED, NULL);
  const char *query = uri == NULL ? NULL : g_uri_get_query (uri);
  g_autoptr (GHashTable) parameters
      = query == NULL ? NULL : g_uri_parse_params (query, -1, "&", G_URI_PARAMS_WWW_FORM, NULL);
  const char *redirect
      = parameters == NULL ? NULL : g_hash_table_lookup (parameters, "redirect_uri");
  g_autoptr (GUri) parsed
      = redirect == NULL ? NULL : g_uri_parse (redirect, G_URI_FLAGS_NONE, NULL);

  if (parsed == NULL || g_strcmp0 (g_uri_get_scheme (parsed), "http") != 0
      || g_uri_get_host (parsed) == NULL || g_uri_get_port (parsed) <= 0)
    return NULL;
  return g_steal_pointer (&parsed);
}

/* How this machine is reached, with what stands in front of it: " -p PORT" unless it is 22. */
static char *
find_destination (void)
{
  const char *connection = g_getenv ("SSH_CONNECTION");
  g_auto (GStrv) words = g_strsplit (connection != NULL ? connection : "", " ", -1);
  gboolean came_by_ssh = g_strv_length (words) == 4 && is_plain (words[2]) && is_plain (words[3]);
  const char *user = is_plain (g_get_user_name ()) ? g_get_user_name () : "USER";
  const char *host = is_plain (g_get_host_name ()) ? g_get_host_name () : "HOST";

  if (!came_by_ssh)
    return g_strdup_printf ("%s@%s", user, host);
  if (g_str_equal (words[3], "22"))
    return g_strdup_printf ("%s@%s", user, words[2]);
  return g_strdup_printf ("-p %s %s@%s", words[3], user, words[2]);
}

/* (nullable): NULL: the provider's page leads back to something else than a port of this machine,
 * or the address does not tell. */
char *
ta_tunnel_find_command (const char *authorization_uri)
{
  g_autoptr (GUri) redirect = find_redirect (authorization_uri);
  g_autofree char *destination = redirect == NULL ? NULL : find_destination ();
  const char *address;

  if (redirect == NULL)
    return NULL;
  address = g_str_equal (g_uri_get_host (redirect), "::1") ? "[::1]" : "127.0.0.1";
  return g_strdup_printf ("ssh -N -L %d:%s:%d %s", g_uri_get_port (redirect), address,
                          g_uri_get_port (redirect), destination);
}

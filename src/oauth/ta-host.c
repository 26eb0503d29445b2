/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-host.h"

#include <gio/gio.h>
#include <string.h>

/* Who answers at a URI. Hosts are compared as they are spelt but for case: what could be decoded or
 * resolved to the same counts as another. Ports do not count. */

/* A host name or an address, as it stands in a URI but without brackets. */
gboolean
ta_host_is_name (const char *text)
{
  return g_hostname_is_ip_address (text)
         || (*text != '\0'
             && text[strspn (text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-._")] == '\0');
}

/* (nullable) */
static char *
get_host (const char *uri)
{
  char *host = NULL;

  g_uri_split (uri, G_URI_FLAGS_ENCODED, NULL, NULL, &host, NULL, NULL, NULL, NULL, NULL);
  return host;
}

/* `other` NULL: nobody's. */
gboolean
ta_host_is_same (const char *uri, const char *other)
{
  g_autofree char *host = get_host (uri);
  g_autofree char *other_host = other != NULL ? get_host (other) : NULL;

  return host != NULL && other_host != NULL && g_ascii_strcasecmp (host, other_host) == 0;
}

gboolean
ta_host_is_listed (const char *uri, const char *const *names)
{
  g_autofree char *host = get_host (uri);

  for (int i = 0; host != NULL && names[i] != NULL; i++)
    if (g_ascii_strcasecmp (host, names[i]) == 0)
      return TRUE;
  return FALSE;
}

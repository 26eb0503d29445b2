/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-max-age.h"

#include <libsoup/soup.h>

/* Seconds a response may be kept by its Cache-Control header (RFC 9111 section 5.2.2); 0: not at
 * all; -1: it does not say. */
gint64
ta_max_age_parse (const char *cache_control)
{
  GHashTable *directives = soup_header_parse_param_list (cache_control);
  const char *text = g_hash_table_lookup (directives, "max-age");
  gint64 age = -1;
  guint64 seconds;

  if (g_hash_table_contains (directives, "no-store")
      || g_hash_table_contains (directives, "no-cache"))
    age = 0;
  else if (text != NULL && g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT32, &seconds, NULL))
    age = (gint64) seconds;
  soup_header_free_param_list (directives);
  return age;
}

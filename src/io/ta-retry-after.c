/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-retry-after.h"

#include <libsoup/soup.h>
#include <string.h>

/* A server that asks for more is asked again after this. */
#define RETRY_AFTER_MAX 3600

/* Seconds to wait by a Retry-After header, in either form (RFC 9110 section 10.2.3); 0: there is
 * nothing to wait for, or the value is none. `now`: Unix seconds. */
gint64
ta_retry_after_parse (const char *value, gint64 now)
{
  g_autoptr (GDateTime) date = NULL;
  guint64 seconds;

  if (g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, &seconds, NULL))
    return (gint64) MIN (seconds, RETRY_AFTER_MAX);
  if (*value != '\0' && strspn (value, "0123456789") == strlen (value))
    return RETRY_AFTER_MAX;
  date = soup_date_time_new_from_http_string (value);
  return date == NULL ? 0 : CLAMP (g_date_time_to_unix (date) - now, 0, RETRY_AFTER_MAX);
}

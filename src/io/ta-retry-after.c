/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-retry-after.h"

#include <libsoup/soup.h>
#include <string.h>

/* A server that asks for more is asked again after this. */
#define RETRY_AFTER_MAX 3600

/* A number as large as this is a time of day: of 2001 or later. */
#define RESET_SECONDS G_GUINT64_CONSTANT (1000000000)
#define RESET_MILLISECONDS G_GUINT64_CONSTANT (1000000000000)

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

/* Seconds to wait by an x-ratelimit-reset header, at most an hour. Tidio documents limit and
 * remaining for each minute and no reset (developers.tidio.com/docs/openapi-rate-limiting), and no
 * standard says what it counts: seconds to wait as in draft-ietf-httpapi-ratelimit-headers, or the
 * time of day in seconds as with GitHub, or in milliseconds. So it is taken for what it must be by
 * its size.
 * 0: there is nothing to wait for, or the value is none. `now`: Unix seconds. */
gint64
ta_retry_after_parse_reset (const char *value, gint64 now)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, &number, NULL))
    return 0;
  if (number >= RESET_MILLISECONDS)
    return CLAMP ((gint64) (number / 1000) + 1 - now, 0, RETRY_AFTER_MAX);
  if (number >= RESET_SECONDS)
    return CLAMP ((gint64) number - now, 0, RETRY_AFTER_MAX);
  return (gint64) MIN (number, RETRY_AFTER_MAX);
}

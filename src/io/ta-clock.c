/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-clock.h"

/* Unix seconds. */
gint64
ta_clock_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

/* Seconds of a clock that nobody sets. */
gint64
ta_clock_monotonic (void)
{
  return g_get_monotonic_time () / G_USEC_PER_SEC;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "samples.h"

void
samples_begin (Samples *samples)
{
  *samples = (Samples){ 0 };
  samples->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  samples->start = g_get_monotonic_time ();
}

void
samples_add (Samples *samples, gint64 since)
{
  gint64 took = g_get_monotonic_time () - since;

  g_array_append_val (samples->times, took);
}

void
samples_add_error (Samples *samples, GError *error)
{
  if (samples->errors++ == 0)
    g_printerr ("%s\n", error->message);
  g_error_free (error);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a;
  gint64 y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

static gint64
pick (const Samples *samples, double share)
{
  guint n = samples->times->len;

  return n == 0 ? 0 : g_array_index (samples->times, gint64, MIN (n - 1, (guint) (n * share)));
}

int
samples_end (Samples *samples)
{
  double seconds = (double) (g_get_monotonic_time () - samples->start) / G_USEC_PER_SEC;

  g_array_sort (samples->times, compare);
  g_print ("{\"n\": %u, \"errors\": %u, \"different\": %u, \"seconds\": %.6f, \"median\": "
           "%" G_GINT64_FORMAT ", \"p99\": %" G_GINT64_FORMAT ", \"max\": %" G_GINT64_FORMAT "}\n",
           samples->times->len, samples->errors, samples->different, seconds, pick (samples, 0.5),
           pick (samples, 0.99), pick (samples, 1.0));
  g_clear_pointer (&samples->times, g_array_unref);
  return samples->errors == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>

#include "samples.h"

/* One application that calls a method again and again, each call after the answer of the one
 * before, as most applications do: with GDBus.
 *
 *   call CALLS NAME PATH INTERFACE METHOD ARGUMENTS
 */

/* Calls that are not counted, at most. */
#define WARM_UP 20

int
main (int argc, char **argv)
{
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GVariant) arguments = NULL;
  g_autoptr (GError) error = NULL;
  gint64 calls;
  Samples samples;

  if (argc != 7)
    return 2;
  calls = g_ascii_strtoll (argv[1], NULL, 10);
  arguments = g_variant_parse (NULL, argv[6], NULL, NULL, &error);
  if (arguments != NULL)
    bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (bus == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  samples_begin (&samples);
  for (gint64 i = -MIN (calls / 4, WARM_UP); i < calls; i++)
    {
      gint64 since = g_get_monotonic_time ();
      g_autoptr (GVariant) reply = NULL;
      GError *failure = NULL;

      if (i == 0)
        samples.start = since;
      reply = g_dbus_connection_call_sync (bus, argv[2], argv[3], argv[4], argv[5], arguments, NULL,
                                           G_DBUS_CALL_FLAGS_NONE, 120000, NULL, &failure);
      if (reply == NULL)
        samples_add_error (&samples, failure);
      else if (i >= 0)
        samples_add (&samples, since);
    }
  return samples_end (&samples);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "samples.h"

/* The first call of a service that does not run: the bus starts it, and the call waits for that.
 * Before each, the service is ended and its end awaited.
 *
 *   activate TIMES NAME PATH INTERFACE METHOD ARGUMENTS
 */

#define PATIENCE_MS 5000

static GVariant *
ask_bus (GDBusConnection *bus, const char *method, const char *name)
{
  return g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                      "org.freedesktop.DBus", method, g_variant_new ("(s)", name),
                                      NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
}

/* Until the process is gone, not only its name: what it still does at its end would be measured. */
static void
end_service (GDBusConnection *bus, const char *name)
{
  g_autoptr (GVariant) reply = ask_bus (bus, "GetConnectionUnixProcessID", name);
  struct pollfd process = { .fd = -1, .events = POLLIN };
  guint32 pid;

  if (reply == NULL)
    return;
  g_variant_get (reply, "(u)", &pid);
  process.fd = (int) syscall (SYS_pidfd_open, (pid_t) pid, 0);
  kill ((pid_t) pid, SIGTERM);
  if (process.fd >= 0 && poll (&process, 1, PATIENCE_MS) == 0)
    {
      g_printerr ("%s does not end after SIGTERM\n", name);
      kill ((pid_t) pid, SIGKILL);
    }
  close (process.fd);
}

static gboolean
is_free (GDBusConnection *bus, const char *name)
{
  g_autoptr (GVariant) reply = ask_bus (bus, "NameHasOwner", name);
  gboolean owned = TRUE;

  if (reply != NULL)
    g_variant_get (reply, "(b)", &owned);
  return !owned;
}

int
main (int argc, char **argv)
{
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GVariant) arguments = NULL;
  g_autoptr (GError) error = NULL;
  Samples samples;

  if (argc != 7)
    return 2;
  arguments = g_variant_parse (NULL, argv[6], NULL, NULL, &error);
  if (arguments != NULL)
    bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (bus == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  samples_begin (&samples);
  for (gint64 left = g_ascii_strtoll (argv[1], NULL, 10); left > 0; left--)
    {
      g_autoptr (GVariant) reply = NULL;
      GError *failure = NULL;
      gint64 since;

      end_service (bus, argv[2]);
      while (!is_free (bus, argv[2]))
        g_usleep (1000);
      since = g_get_monotonic_time ();
      reply = g_dbus_connection_call_sync (bus, argv[2], argv[3], argv[4], argv[5], arguments, NULL,
                                           G_DBUS_CALL_FLAGS_NONE, 60000, NULL, &failure);
      if (reply != NULL)
        samples_add (&samples, since);
      else
        samples_add_error (&samples, failure);
    }
  end_service (bus, argv[2]);
  return samples_end (&samples);
}

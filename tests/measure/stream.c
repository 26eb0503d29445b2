/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pour.h"
#include "samples.h"

/* An application that has OpenApi fetch or send a body, one after the other.
 *
 *   stream get TIMES ACCOUNT PATH
 *   stream put TIMES ACCOUNT PATH BYTES
 */

#define BLOCK 262144

static char block[BLOCK];

static gboolean
drain (int fd, GError **error)
{
  gssize n;

  do
    n = read (fd, block, BLOCK);
  while (n > 0 || (n < 0 && errno == EINTR));
  close (fd);
  if (n == 0)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The answer's body broke off");
  return FALSE;
}

static gboolean
open_api (GDBusConnection *bus, char **argv, GError **error)
{
  gboolean is_put = g_str_equal (argv[1], "put");
  int source = pour (is_put ? argv[5] : "0");
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new_from_array (&source, 1);
  g_autoptr (GUnixFDList) answer = NULL;
  g_autoptr (GVariant) reply = NULL;
  guint32 status;
  int fd;

  reply = g_dbus_connection_call_with_unix_fd_list_sync (
      bus, "org.tidio.Auth", "/org/tidio/Auth", "org.tidio.Auth", "OpenApi",
      g_variant_new ("(sssha{sv})", argv[3], is_put ? "PUT" : "GET", argv[4], 0, NULL),
      G_VARIANT_TYPE ("(uha{sv})"), G_DBUS_CALL_FLAGS_NONE, 300000, fds, &answer, NULL, error);
  if (reply == NULL)
    return FALSE;
  g_variant_get_child (reply, 0, "u", &status);
  fd = g_unix_fd_list_get (answer, 0, error);
  if (fd < 0 || !drain (fd, error))
    return FALSE;
  if (status != 200)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "HTTP status %u", status);
  return status == 200;
}

int
main (int argc, char **argv)
{
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GError) failure = NULL;
  Samples samples;

  if (argc < 5 || (g_str_equal (argv[1], "put") && argc < 6))
    return 2;
  signal (SIGPIPE, SIG_IGN);
  bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &failure);
  if (bus == NULL)
    {
      g_printerr ("%s\n", failure->message);
      return 1;
    }
  samples_begin (&samples);
  for (gint64 left = g_ascii_strtoll (argv[2], NULL, 10); left > 0; left--)
    {
      gint64 since = g_get_monotonic_time ();
      GError *error = NULL;

      if (open_api (bus, argv, &error))
        samples_add (&samples, since);
      else
        samples_add_error (&samples, error);
      while (waitpid (-1, NULL, WNOHANG) > 0)
        ;
    }
  return samples_end (&samples);
}

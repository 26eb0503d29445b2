/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-handover.h"

#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* tidio-auth-open-uri: opens the URI on standard input in the user's browser. Tried in turn: the
 * programs of BROWSER, the desktop portal, xdg-open, as long as there is time. Exit status 0: one
 * of them took it. In the broker's unit it starts no program itself. */

#define URI_MAX 8192
#define PORTAL_TIMEOUT_MS 5000

/* A program that still runs after this time is the browser itself, and took the URI. */
#define START_TIME_MS 2000

typedef struct
{
  GMainLoop *loop; /* (unowned) */
  guint timer;
  gboolean is_running;
  gboolean opened;
} Attempt;

static gboolean
on_time (gpointer user_data)
{
  Attempt *attempt = user_data;

  attempt->timer = 0;
  attempt->is_running = TRUE;
  attempt->opened = TRUE;
  g_main_loop_quit (attempt->loop);
  return G_SOURCE_REMOVE;
}

/* Runs until the attempt quits its loop, or still runs after START_TIME_MS. */
static void
wait_for (Attempt *attempt, gint64 until)
{
  guint time = (guint) MIN (START_TIME_MS, ta_handover_get_left (until));

  attempt->timer = g_timeout_add (time, on_time, attempt);
  g_main_loop_run (attempt->loop);
  g_clear_handle_id (&attempt->timer, g_source_remove);
}

static void
on_exit_status (GPid pid, int status, gpointer user_data)
{
  Attempt *attempt = user_data;

  attempt->opened = WIFEXITED (status) && WEXITSTATUS (status) == 0;
  g_main_loop_quit (attempt->loop);
}

static gboolean
run_program (char **argv, gint64 until)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Attempt attempt = { .loop = loop };
  guint watch;
  GPid pid;

  if (ta_handover_get_left (until) < START_TIME_MS)
    return FALSE;
  if (!g_spawn_async (NULL, argv, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL
                          | G_SPAWN_STDERR_TO_DEV_NULL,
                      NULL, NULL, &pid, NULL))
    return FALSE;
  watch = g_child_watch_add (pid, on_exit_status, &attempt);
  wait_for (&attempt, until);
  if (attempt.is_running)
    g_source_remove (watch);
  return attempt.opened;
}

/* One command of BROWSER: %s stands for the URI, which is otherwise the last argument. */
static gboolean
run_browser (const char *command, const char *uri, gint64 until)
{
  g_auto (GStrv) words = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) argv = NULL;
  guint placed = 0;

  if (!g_shell_parse_argv (command, NULL, &words, NULL))
    return FALSE;
  for (int i = 0; words[i] != NULL; i++)
    {
      g_autoptr (GString) word = g_string_new (words[i]);

      placed += g_string_replace (word, "%s", uri, 0);
      g_strv_builder_add (builder, word->str);
    }
  if (placed == 0)
    g_strv_builder_add (builder, uri);
  argv = g_strv_builder_end (builder);
  return run_program (argv, until);
}

static gboolean
open_by_environment (const char *uri, gint64 until)
{
  const char *browser = g_getenv ("BROWSER");
  g_auto (GStrv) commands = g_strsplit (browser != NULL ? browser : "", ":", -1);

  for (int i = 0; commands[i] != NULL; i++)
    if (*commands[i] != '\0' && run_browser (commands[i], uri, until))
      return TRUE;
  return FALSE;
}

static void
on_response (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
             const char *member, GVariant *arguments, gpointer user_data)
{
  Attempt *attempt = user_data;
  guint32 response;

  g_variant_get_child (arguments, 0, "u", &response);
  attempt->opened = response == 0;
  g_main_loop_quit (attempt->loop);
}

/* org.freedesktop.portal.OpenURI. A portal that is still busy after the time is asking the user. */
static gboolean
open_by_portal (const char *uri, gint64 until)
{
  int time = MIN (PORTAL_TIMEOUT_MS, ta_handover_get_left (until));
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GVariant) reply = NULL;
  GVariantBuilder options;
  Attempt attempt = { .loop = loop };
  guint watch;

  if (bus == NULL || time == 0)
    return FALSE;
  watch = g_dbus_connection_signal_subscribe (
      bus, "org.freedesktop.portal.Desktop", "org.freedesktop.portal.Request", "Response", NULL,
      NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_response, &attempt, NULL);
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop",
      "org.freedesktop.portal.OpenURI", "OpenURI", g_variant_new ("(ssa{sv})", "", uri, &options),
      G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NONE, time, NULL, NULL);
  if (reply != NULL)
    wait_for (&attempt, until);
  g_dbus_connection_signal_unsubscribe (bus, watch);
  return attempt.opened;
}

/* Without a display xdg-open would start a browser for a terminal that nobody sees. */
static gboolean
open_by_xdg_open (const char *uri, gint64 until)
{
  const char *argv[] = { "xdg-open", uri, NULL };

  if (g_getenv ("DISPLAY") == NULL && g_getenv ("WAYLAND_DISPLAY") == NULL)
    return FALSE;
  return run_program ((char **) argv, until);
}

static char *
read_uri (void)
{
  char buffer[URI_MAX + 2];
  size_t length = fread (buffer, 1, URI_MAX + 1, stdin);

  buffer[length] = '\0';
  if (length > URI_MAX)
    return NULL;
  if (!g_str_has_prefix (buffer, "https://") && !g_str_has_prefix (buffer, "http://"))
    return NULL;
  for (const char *c = buffer; *c != '\0'; c++)
    if (*c <= 0x20 || *c >= 0x7f)
      return NULL;
  return g_strdup (buffer);
}

/* A browser makes files with the user's mask for them, not with that of the broker. */
static void
restore_umask (void)
{
  const char *mask = g_getenv ("TIDIO_AUTH_UMASK");
  guint64 value;

  if (mask != NULL && g_ascii_string_to_unsigned (mask, 8, 0, 0777, &value, NULL))
    umask ((mode_t) value);
  g_unsetenv ("TIDIO_AUTH_UMASK");
}

int
main (void)
{
  const gint64 until = ta_handover_take_end ();
  g_autofree char *uri = read_uri ();
  gboolean opened;

  restore_umask ();
  if (uri == NULL)
    return EXIT_FAILURE;
  if (ta_handover_is_needed ())
    opened = ta_handover_run (uri, until) || open_by_portal (uri, until);
  else
    opened = open_by_environment (uri, until) || open_by_portal (uri, until)
             || open_by_xdg_open (uri, until);
  return opened ? EXIT_SUCCESS : EXIT_FAILURE;
}

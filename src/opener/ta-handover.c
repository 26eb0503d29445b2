/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-handover.h"

#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

/* What the broker's unit may not do, a program that it starts may not do either, and a browser
 * could not even set up its own sandbox. So the user's systemd is asked to start this program once
 * more, in a unit of its own, with the URI on standard input as before. The browser stays when that
 * unit ends. */

#define MANAGER "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define TIMEOUT_MS 10000

typedef struct
{
  GMainLoop *loop; /* (owned) */
  char *job;       /* (owned) (nullable) */
  gboolean opened;
} Handover;

/* Whether the broker is what systemd started, not a child of that. */
gboolean
ta_handover_is_needed (void)
{
  const char *text = g_getenv ("SYSTEMD_EXEC_PID");
  guint64 pid;

  return text != NULL && g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT, &pid, NULL)
         && (pid_t) pid == getppid ();
}

static void
on_job_removed (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
                const char *member, GVariant *arguments, gpointer user_data)
{
  Handover *handover = user_data;
  const char *job;
  const char *result;

  g_variant_get (arguments, "(u&o&s&s)", NULL, &job, NULL, &result);
  if (g_strcmp0 (job, handover->job) != 0)
    return;
  handover->opened = g_str_equal (result, "done");
  g_main_loop_quit (handover->loop);
}

static gboolean
on_timeout (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_CONTINUE;
}

static void
add (GVariantBuilder *properties, const char *name, GVariant *value)
{
  g_variant_builder_add (properties, "(sv)", name, value);
}

/* A oneshot unit is started once its program has ended well; the browser may go on. */
static GVariant *
describe_unit (const char *program, const char *uri)
{
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *name = g_strdup_printf ("tidio-auth-open-uri-%s.service", id);
  GVariantBuilder properties;
  GVariantBuilder command;

  g_variant_builder_init (&command, G_VARIANT_TYPE ("a(sasb)"));
  g_variant_builder_open (&command, G_VARIANT_TYPE ("(sasb)"));
  g_variant_builder_add (&command, "s", program);
  g_variant_builder_add (&command, "@as", g_variant_new_strv (&program, 1));
  g_variant_builder_add (&command, "b", FALSE);
  g_variant_builder_close (&command);
  g_variant_builder_init (&properties, G_VARIANT_TYPE ("a(sv)"));
  add (&properties, "Description", g_variant_new_string ("Browser for Tidio token broker"));
  add (&properties, "Type", g_variant_new_string ("oneshot"));
  add (&properties, "ExecStart", g_variant_builder_end (&command));
  add (&properties, "StandardInput", g_variant_new_string ("data"));
  add (&properties, "StandardInputData",
       g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, uri, strlen (uri), 1));
  add (&properties, "KillMode", g_variant_new_string ("process"));
  add (&properties, "CollectMode", g_variant_new_string ("inactive-or-failed"));
  return g_variant_new ("(ssa(sv)a(sa(sv)))", name, "fail", &properties, NULL);
}

static void
start (GDBusConnection *bus, const char *program, Handover *handover, const char *uri)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, MANAGER, MANAGER_PATH, MANAGER ".Manager", "StartTransientUnit",
      describe_unit (program, uri), G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
      TIMEOUT_MS, NULL, NULL);
  guint timer;

  if (reply == NULL)
    return;
  g_variant_get (reply, "(o)", &handover->job);
  timer = g_timeout_add (TIMEOUT_MS, on_timeout, handover->loop);
  g_main_loop_run (handover->loop);
  g_source_remove (timer);
}

/* Whether a browser was opened so. */
gboolean
ta_handover_run (const char *uri)
{
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Handover handover = { .loop = loop };
  guint watch;

  if (bus == NULL || program == NULL)
    return FALSE;
  watch = g_dbus_connection_signal_subscribe (bus, MANAGER, MANAGER ".Manager", "JobRemoved",
                                              MANAGER_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                              on_job_removed, &handover, NULL);
  start (bus, program, &handover, uri);
  g_dbus_connection_signal_unsubscribe (bus, watch);
  g_free (handover.job);
  return handover.opened;
}

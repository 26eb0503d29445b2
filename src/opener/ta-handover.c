/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-handover.h"

#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

/* What the broker's unit may not do, a program that it starts may not do either, and a browser
 * could not even set up its own sandbox. So the user's systemd is asked to start this program once
 * more, in a unit of its own, with the URI on standard input as before. The browser stays when that
 * unit ends.
 *
 * The broker waits for nine seconds. Whatever would open a browser later must not: the sign-in has
 * failed by then. So there is one end for all steps of both programs, a time on the monotonic
 * clock, and what may still be under way then is stopped. */

#define MANAGER "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"

/* From the start of the first program. */
#define TIME_MS 8000

/* What is left for the portal if systemd does not answer. */
#define RESERVE_MS 2500

/* The second program is done before the first one has given it up. */
#define MARGIN_MS 500

/* Milliseconds; tells the second program. */
#define END "TIDIO_AUTH_OPEN_UNTIL"

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

static gint64
get_now (void)
{
  return g_get_monotonic_time () / 1000;
}

/* When this program has to be done, milliseconds. */
gint64
ta_handover_take_end (void)
{
  g_autofree char *text = g_strdup (g_getenv (END));
  gint64 latest = get_now () + TIME_MS;
  guint64 end;

  g_unsetenv (END);
  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &end, NULL))
    return latest;
  return MIN ((gint64) end, latest);
}

/* Milliseconds until then; 0: nothing may be begun any more. */
int
ta_handover_get_left (gint64 until)
{
  return (int) CLAMP (until - get_now (), 0, TIME_MS);
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
describe_unit (const char *name, const char *program, const char *uri, gint64 until)
{
  g_autofree char *end = g_strdup_printf (END "=%" G_GINT64_FORMAT, until);
  const char *variables[] = { end, NULL };
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
  add (&properties, "Environment", g_variant_new_strv (variables, -1));
  add (&properties, "KillMode", g_variant_new_string ("process"));
  add (&properties, "CollectMode", g_variant_new_string ("inactive-or-failed"));
  return g_variant_new ("(ssa(sv)a(sa(sv)))", name, "fail", &properties, NULL);
}

static void
start (GDBusConnection *bus, GVariant *unit, Handover *handover, gint64 until)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, MANAGER, MANAGER_PATH, MANAGER ".Manager", "StartTransientUnit", unit,
      G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
      MAX (ta_handover_get_left (until), 1), NULL, NULL);
  guint timer;

  if (reply == NULL)
    return;
  g_variant_get (reply, "(o)", &handover->job);
  timer = g_timeout_add ((guint) ta_handover_get_left (until), on_timeout, handover->loop);
  g_main_loop_run (handover->loop);
  g_source_remove (timer);
}

/* It may be waiting to be started, or running. */
static void
stop (GDBusConnection *bus, const char *name)
{
  g_dbus_connection_call (bus, MANAGER, MANAGER_PATH, MANAGER ".Manager", "StopUnit",
                          g_variant_new ("(ss)", name, "replace"), NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
  g_dbus_connection_flush_sync (bus, NULL, NULL);
}

/* Whether a browser was opened so. */
gboolean
ta_handover_run (const char *uri, gint64 until)
{
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *name = g_strdup_printf ("tidio-auth-open-uri-%s.service", id);
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
  until -= RESERVE_MS;
  start (bus, describe_unit (name, program, uri, until - MARGIN_MS), &handover, until);
  if (!handover.opened)
    stop (bus, name);
  g_dbus_connection_signal_unsubscribe (bus, watch);
  g_free (handover.job);
  return handover.opened;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-applications.h"
#include "io/ta-identify.h"

#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

/* Tells who is at a connection of the session bus, as the broker would know it: like the broker,
 * nobody can look into this process. A line "identify NAME", "lookup NAME" or "peek NAME" on
 * standard input has one line as its answer: NAME, the trust and the id, or "unknown" from peek. */

typedef struct
{
  GMainLoop *loop;
  GDBusConnection *bus;
  TaApplications *applications;
  GDataInputStream *orders;
} Program;

static void
answer (const char *name, const TaApplication *application)
{
  printf ("%s %s %s\n", name,
          application == NULL ? "unknown" : ta_application_trust_name (application->trust),
          application == NULL ? "" : application->id);
  fflush (stdout);
}

static void
identify_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree char *name = user_data;
  g_autoptr (TaApplication) application = ta_identify_finish (result);

  answer (name, application);
}

static void
lookup_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree char *name = user_data;
  g_autoptr (TaApplication) application
      = ta_applications_lookup_finish (TA_APPLICATIONS (source), result);

  answer (name, application);
}

static void
obey (Program *program, const char *order, const char *name)
{
  if (strcmp (order, "identify") == 0)
    ta_identify_async (program->bus, name, identify_cb, g_strdup (name));
  else if (strcmp (order, "lookup") == 0)
    ta_applications_lookup_async (program->applications, name, lookup_cb, g_strdup (name));
  else
    answer (name, ta_applications_peek (program->applications, name));
}

static void
line_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  g_autofree char *line
      = g_data_input_stream_read_line_finish (program->orders, result, NULL, NULL);
  g_auto (GStrv) words = NULL;

  if (line == NULL)
    {
      g_main_loop_quit (program->loop);
      return;
    }
  words = g_strsplit (line, " ", 2);
  obey (program, words[0], words[1]);
  g_data_input_stream_read_line_async (program->orders, G_PRIORITY_DEFAULT, NULL, line_cb, program);
}

int
main (void)
{
  g_autoptr (GInputStream) input = g_unix_input_stream_new (0, FALSE);
  Program program = { 0 };

  prctl (PR_SET_DUMPABLE, 0);
  program.loop = g_main_loop_new (NULL, FALSE);
  program.bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  g_assert_nonnull (program.bus);
  program.applications = ta_applications_new (program.bus);
  program.orders = g_data_input_stream_new (input);
  g_data_input_stream_read_line_async (program.orders, G_PRIORITY_DEFAULT, NULL, line_cb, &program);
  g_main_loop_run (program.loop);
  g_object_unref (program.orders);
  g_object_unref (program.applications);
  g_object_unref (program.bus);
  g_main_loop_unref (program.loop);
  /* For the look for leaks, which is another process's. */
  prctl (PR_SET_DUMPABLE, 1);
  return 0;
}

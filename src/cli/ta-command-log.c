/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-activities.h"
#include "ta-bus.h"
#include "ta-cli.h"
#include "ta-entry.h"
#include "ta-options.h"
#include "ta-table.h"

#include <glib/gi18n.h>
#include <unistd.h>

/* The ledger: a table on a terminal, lines with tabs for other programs, or JSON. */

#define TIMEOUT_MS (30 * 1000)

/* What fits on a screen or two. */
#define TERMINAL_MAX 50

#define TABLE_TIME "%F %T"
#define LINE_TIME "%FT%T%:z"

static char *
format_time (gint64 seconds, const char *format)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (seconds);

  return time == NULL ? g_strdup ("") : g_date_time_format (time, format);
}

/* The cells of an entry, of which `activity` owns some: an array to be freed alone. */
static char **
make_row (const TaActivity *activity, const char *time_format)
{
  g_autofree char *time = format_time (activity->time, time_format);
  g_autofree char *count = g_strdup_printf ("%u", activity->count);
  const char *row[] = { time,           activity->app,    activity->trust, activity->account,
                        activity->what, activity->result, count,           NULL };

  return g_strdupv ((char **) row);
}

static gboolean
print_json (GPtrArray *activities, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_array (builder);
  for (guint i = 0; i < activities->len; i++)
    {
      json_builder_begin_object (builder);
      ta_entry_add_json (builder, activities->pdata[i]);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  return ta_cli_print_json (builder, error);
}

static gboolean
print_lines (GPtrArray *activities, GError **error)
{
  for (guint i = 0; i < activities->len; i++)
    {
      g_auto (GStrv) row = make_row (activities->pdata[i], LINE_TIME);
      g_autofree char *line = g_strjoinv ("\t", row);

      if (!ta_cli_print (error, "%s", line))
        return FALSE;
    }
  return TRUE;
}

static gboolean
print_table (GPtrArray *activities, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  const char *titles[] = { _ ("TIME"), _ ("PROGRAM"), _ ("TRUST"), _ ("ACCOUNT"),
                           _ ("WHAT"), _ ("RESULT"),  _ ("COUNT"), NULL };

  if (activities->len == 0)
    {
      ta_cli_warn (_ ("Nobody has asked for anything yet"));
      return TRUE;
    }
  for (guint i = 0; i < activities->len; i++)
    g_ptr_array_add (rows, make_row (activities->pdata[i], TABLE_TIME));
  return ta_table_print (titles, rows, error);
}

static GPtrArray *
load (guint max, GError **error)
{
  g_autoptr (TaDBusAuth) auth = ta_bus_connect (TIMEOUT_MS, error);
  g_autoptr (GVariant) entries = NULL;
  GPtrArray *activities;

  if (auth == NULL || !ta_dbus_auth_call_get_activity_sync (auth, max, &entries, NULL, error))
    return NULL;
  activities = g_ptr_array_new_with_free_func ((GDestroyNotify) ta_activity_free);
  for (gsize i = 0; i < g_variant_n_children (entries); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (entries, i);

      g_ptr_array_add (activities, ta_entry_read (entry));
    }
  return activities;
}

/* `number` 0: as many as are good for where they go. */
static gboolean
print (guint number, gboolean json, GError **error)
{
  gboolean is_table = !json && isatty (STDOUT_FILENO);
  g_autoptr (GPtrArray) activities = load (number != 0 ? number
                                           : is_table  ? TERMINAL_MAX
                                                       : TA_ACTIVITIES_MAX,
                                           error);

  if (activities == NULL)
    return FALSE;
  if (json)
    return print_json (activities, error);
  return is_table ? print_table (activities, error) : print_lines (activities, error);
}

gboolean
ta_command_log (int argc, char **argv, GError **error)
{
  g_auto (GStrv) arguments = NULL;
  g_autofree char *number = NULL;
  guint64 max = 0;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "number", 'n', 0, G_OPTION_ARG_STRING, &number,
      N_ ("Print the last N entries: 1000 at most, 50 by default on a terminal"), "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("Print a JSON array"), NULL },
    { G_OPTION_REMAINING, 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING_ARRAY, &arguments, NULL,
      NULL },
    { NULL },
  };

  if (!ta_options_parse (
          _ ("Prints which programs asked for what, the newest first: time, program,\n"
             "trust, account, what, result and how often within a minute.\n\n"
             "Example: tidio-auth log -n 10"),
          entries, argc, argv, error))
    return FALSE;
  if (!ta_options_check_none (arguments, error))
    return FALSE;
  if (number != NULL && !g_ascii_string_to_unsigned (number, 10, 1, TA_ACTIVITIES_MAX, &max, NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("%s must be a number from %u to %u"), "-n", 1, TA_ACTIVITIES_MAX);
      return FALSE;
    }
  return print ((guint) max, json, error);
}

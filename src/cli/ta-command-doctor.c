/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-error.h"
#include "ta-cli.h"
#include "ta-options.h"
#include "ta-self-check.h"
#include "ta-table.h"

#include <glib/gi18n.h>
#include <unistd.h>

/* The diagnosis, as a table for people, in colours on a terminal, or as JSON. */

/* Of one length, so that columns stay straight. */
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RED "\033[31m"
#define GREY "\033[90m"
#define PLAIN "\033[0m"

static const char *
get_color (const char *result)
{
  if (g_str_equal (result, "ok"))
    return GREEN;
  if (g_str_equal (result, "warning"))
    return YELLOW;
  return g_str_equal (result, "error") ? RED : GREY;
}

static gboolean
print_table (GPtrArray *checks, GError **error)
{
  gboolean is_colored = ta_cli_may_color (STDOUT_FILENO);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  g_autofree char *table = NULL;

  for (guint i = 0; i < checks->len; i++)
    {
      const TaSelfCheck *check = checks->pdata[i];
      g_autofree char *result
          = is_colored ? g_strconcat (get_color (check->result), check->result, PLAIN, NULL)
                       : g_strdup (check->result);
      const char *row[] = { result, check->id, check->sentence, NULL };

      g_ptr_array_add (rows, g_strdupv ((char **) row));
    }
  table = ta_table_align (rows);
  return ta_cli_print (error, "%s", table);
}

static gboolean
print_json (GPtrArray *checks, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_array (builder);
  for (guint i = 0; i < checks->len; i++)
    {
      const TaSelfCheck *check = checks->pdata[i];

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "id");
      json_builder_add_string_value (builder, check->id);
      json_builder_set_member_name (builder, "result");
      json_builder_add_string_value (builder, check->result);
      json_builder_set_member_name (builder, "text");
      json_builder_add_string_value (builder, check->sentence);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  return ta_cli_print_json (builder, error);
}

gboolean
ta_command_doctor (int argc, char **argv, GError **error)
{
  g_auto (GStrv) arguments = NULL;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("Print a JSON array"), NULL },
    { G_OPTION_REMAINING, 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING_ARRAY, &arguments, NULL,
      NULL },
    { NULL },
  };
  g_autoptr (GPtrArray) checks = NULL;
  guint n_errors;

  if (!ta_options_parse (
          _ ("Looks at what has to be well for signing in and for API calls, and says what\n"
             "to do. Nothing is opened or changed. The output has no secret, account or address\n"
             "in it and can be put into a bug report. Exit code: 1 if there is an error.\n\n"
             "Example: tidio-auth doctor"),
          entries, argc, argv, error))
    return FALSE;
  if (!ta_options_check_none (arguments, error))
    return FALSE;
  checks = ta_self_check_run ();
  n_errors = ta_self_check_count (checks, "error");
  if (!(json ? print_json (checks, error) : print_table (checks, error)))
    return FALSE;
  if (n_errors > 0)
    g_set_error (error, TA_ERROR, TA_ERROR_FAILED,
                 g_dngettext (NULL, "%u check failed: its line says what to do",
                              "%u checks failed: their lines say what to do", n_errors),
                 n_errors);
  return n_errors == 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-similar.h"
#include "ta-cli.h"
#include "ta-options.h"

#include <glib/gi18n.h>

/* (nullable): the name of a command that `word` may be a slip of. */
static const char *
find_similar (const TaCommand *commands, const char *word)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (const TaCommand *command = commands; command->name != NULL; command++)
    g_ptr_array_add (names, (char *) command->name);
  g_ptr_array_add (names, NULL);
  return ta_similar_find ((const char *const *) names->pdata, word);
}

static const TaCommand *
find (const TaCommand *commands, const char *word, GError **error)
{
  const char *similar;

  for (const TaCommand *command = commands; command->name != NULL; command++)
    if (g_str_equal (command->name, word))
      return command;
  similar = find_similar (commands, word);
  if (similar != NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                 _ ("Unknown command %s (did you mean %s)"), word, similar);
  else
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, _ ("Unknown command %s"),
                 word);
  return NULL;
}

/* (nullable): the command that a program of that name is. */
static const TaCommand *
find_by_program (const TaCommand *commands, const char *path)
{
  g_autofree char *name = path == NULL ? NULL : g_path_get_basename (path);

  for (const TaCommand *command = commands; command->name != NULL; command++)
    if (command->program != NULL && g_strcmp0 (command->program, name) == 0)
      return command;
  return NULL;
}

static char *
describe (const TaCommand *commands)
{
  GString *text = g_string_new (_ ("Signs in to Tidio, and hands out tokens and API answers."));

  g_string_append_printf (text, "\n\n%s", _ ("Commands:"));
  for (const TaCommand *command = commands; command->name != NULL; command++)
    g_string_append_printf (text, "\n  %-11s %s", command->name, _ (command->summary));
  g_string_append_printf (text, "\n\n%s\n%s",
                          _ ("Exit codes: 0 ok, 1 failed, 2 usage, 3 a user is needed, 4 not now, "
                             "5 not allowed."),
                          _ ("Example: tidio-auth sign-in && tidio-auth call contacts"));
  return g_string_free (text, FALSE);
}

/* Runs the command that the arguments name; `commands` ends with a row without a name.
 * Returns the exit code. */
int
ta_command_dispatch (const TaCommand *commands, int argc, char **argv)
{
  g_autofree char *summary = describe (commands);
  g_autoptr (GOptionContext) context = ta_options_new (_ ("COMMAND…"), summary, NULL);
  g_autoptr (GError) error = NULL;
  const TaCommand *command = find_by_program (commands, argv[0]);

  g_set_prgname ("tidio-auth");
  g_option_context_set_strict_posix (context, TRUE);
  if (command != NULL)
    {
      argv[0] = (char *) command->name;
      command->run (argc, argv, &error);
    }
  else if (g_option_context_parse (context, &argc, &argv, &error))
    {
      if (argc > 1)
        command = find (commands, argv[1], &error);
      else
        g_set_error_literal (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                             _ ("A command is missing"));
      if (command != NULL)
        command->run (argc - 1, argv + 1, &error);
    }
  if (error != NULL)
    ta_cli_report (error);
  return ta_cli_get_exit_code (error);
}

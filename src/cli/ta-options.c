/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-options.h"

#include "base/ta-similar.h"
#include "config.h"

#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>

static gboolean
show_version_cb (const char *option, const char *value, gpointer data, GError **error)
{
  g_print ("tidio-auth %s\n", TA_VERSION);
  exit (EXIT_SUCCESS);
}

/* A context with --help and --version, both of which end the program. Arguments and summary
 * are translated already, the entries are not. `arguments` and `entries` (nullable): an entry for
 * the remaining arguments describes them, too. */
GOptionContext *
ta_options_new (const char *arguments, const char *summary, const GOptionEntry *entries)
{
  GOptionContext *context = g_option_context_new (arguments);
  const GOptionEntry common[] = {
    { "version", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, show_version_cb,
      N_ ("Show the version"), NULL },
    { NULL },
  };

  g_option_context_set_summary (context, summary);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, common, GETTEXT_PACKAGE);
  return context;
}

/* The first argument that is a long option and none of the entries, without its value. */
static char *
find_unknown (const char *const *names, int argc, char **argv)
{
  for (int i = 1; i < argc && !g_str_equal (argv[i], "--"); i++)
    {
      g_autofree char *name
          = g_str_has_prefix (argv[i], "--") ? g_strndup (argv[i], strcspn (argv[i], "=")) : NULL;

      if (name != NULL && !g_strv_contains (names, name))
        return g_steal_pointer (&name);
    }
  return NULL;
}

/* Says which option may have been meant instead of one that there is not. */
static void
suggest (const GOptionEntry *entries, int argc, char **argv, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;
  g_autofree char *unknown = NULL;
  const char *similar;

  for (const GOptionEntry *entry = entries; entry->long_name != NULL; entry++)
    {
      g_autofree char *name = g_strconcat ("--", entry->long_name, NULL);

      if (*entry->long_name != '\0')
        g_strv_builder_add (builder, name);
    }
  g_strv_builder_add_many (builder, "--help", "--version", NULL);
  names = g_strv_builder_end (builder);
  unknown = find_unknown ((const char *const *) names, argc, argv);
  similar = unknown == NULL ? NULL : ta_similar_find ((const char *const *) names, unknown);
  if (similar == NULL)
    return;
  g_clear_error (error);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
               _ ("Unknown option %s (did you mean %s)"), unknown, similar);
}

/* Parses a command's options; argv[0] is the command's name. Every error is the user's. */
gboolean
ta_options_parse (const char *summary, const GOptionEntry *entries, int argc, char **argv,
                  GError **error)
{
  g_autoptr (GOptionContext) context = ta_options_new (NULL, summary, entries);
  g_autofree char *name = g_strdup_printf ("tidio-auth %s", argv[0]);
  g_autoptr (GError) local = NULL;

  g_set_prgname (name);
  if (g_option_context_parse (context, &argc, &argv, &local))
    return TRUE;
  if (g_error_matches (local, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION))
    suggest (entries, argc, argv, &local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* Says that a command has no action of that name, and which one may have been meant; `action`
 * empty: none was named, or several. `actions` ends with NULL. */
void
ta_options_set_action_error (GError **error, const char *action, const char *const *actions)
{
  g_autofree char *all = g_strjoinv (", ", (char **) actions);
  const char *similar = ta_similar_find (actions, action);

  if (*action == '\0')
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 _ ("One of these must be given: %s"), all);
  else if (similar == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("%s is none of these: %s"),
                 action, all);
  else
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 _ ("%s is none of these: %s (did you mean %s)"), action, all, similar);
}

/* Decimal digits alone; `text` NULL leaves `seconds` as it is. */
gboolean
ta_options_get_seconds (const char *option, const char *text, guint min, guint max, guint *seconds,
                        GError **error)
{
  guint64 value = 0;

  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, min, max, &value, NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("%s must be a number of seconds from %u to %u"), option, min, max);
      return FALSE;
    }
  *seconds = (guint) value;
  return TRUE;
}

gboolean
ta_options_check_none (char **arguments, GError **error)
{
  if (arguments == NULL)
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       _ ("This command takes no arguments"));
  return FALSE;
}

/* The only argument; the empty string, which is the default account, if there is none; NULL with
 * an error if there are several. */
const char *
ta_options_get_account (char **arguments, GError **error)
{
  if (arguments == NULL)
    return "";
  if (arguments[1] != NULL)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _ ("One account at most can be named"));
      return NULL;
    }
  return arguments[0];
}

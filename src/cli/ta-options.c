/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-options.h"

#include "config.h"

#include <glib/gi18n.h>
#include <stdlib.h>

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

/* Parses a command's options; argv[0] is the command's name. Every error is the user's. */
gboolean
ta_options_parse (const char *summary, const GOptionEntry *entries, int argc, char **argv,
                  GError **error)
{
  g_autoptr (GOptionContext) context = ta_options_new (NULL, summary, entries);
  g_autofree char *name = g_strdup_printf ("tidio-auth %s", argv[0]);

  g_set_prgname (name);
  return g_option_context_parse (context, &argc, &argv, error);
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

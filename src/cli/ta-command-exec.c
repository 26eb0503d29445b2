/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-secret.h"
#include "ta-cli.h"
#include "ta-options.h"
#include "ta-token-fetch.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <unistd.h>

/* Becomes another program that finds a token in its environment: the process, its signals and its
 * exit code are then that program's alone. */

#define VARIABLE "TIDIO_ACCESS_TOKEN"

static gboolean
parse (TaTokenFetch *wish, int argc, char **argv, GError **error)
{
  GOptionEntry entries[] = {
    { NULL },
    { NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &wish->arguments, NULL,
      N_ ("[ACCOUNT] -- COMMAND…") },
    { NULL },
  };

  ta_token_fetch_fill_entries (wish, entries);
  return ta_options_parse (_ ("Runs a command that finds an access token in TIDIO_ACCESS_TOKEN. "
                              "The token is not renewed\n"
                              "while the command runs. Exit codes: those of the command; 126 if it "
                              "cannot be run, 127 if\n"
                              "there is none of that name.\n\n"
                              "Example: tidio-auth exec work -- ./export-contacts"),
                           entries, argc, argv, error);
}

static gboolean
fetch (const TaTokenFetch *wish, GError **error)
{
  g_autoptr (GVariant) details = NULL;
  gint64 expires_at;
  g_autoptr (TaSecretString) token = ta_token_fetch_run (wish, &expires_at, &details, error);

  if (token == NULL)
    return FALSE;
  ta_token_fetch_warn (details);
  g_setenv (VARIABLE, token, TRUE);
  return TRUE;
}

/* Returns only if it fails. `sigpipe`: GLib's sockets change it, and it would be inherited. */
static void
become (char **command, const struct sigaction *sigpipe, GError **error)
{
  int problem;

  sigaction (SIGPIPE, sigpipe, NULL);
  execvp (command[0], command);
  problem = errno;
  g_set_error (error, TA_CLI_ERROR,
               problem == ENOENT ? TA_CLI_ERROR_NO_COMMAND : TA_CLI_ERROR_CANNOT_RUN,
               _ ("Could not run %s: %s"), command[0], g_strerror (problem));
}

gboolean
ta_command_exec (int argc, char **argv, GError **error)
{
  g_auto (TaTokenFetch) wish = { 0 };
  struct sigaction sigpipe;
  int end = 1;

  sigaction (SIGPIPE, NULL, &sigpipe);
  while (end < argc && !g_str_equal (argv[end], "--"))
    end++;
  if (!parse (&wish, end, argv, error))
    return FALSE;
  if (end + 1 >= argc)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("Name the command behind --"));
  else if (fetch (&wish, error))
    become (argv + end + 1, &sigpipe, error);
  return FALSE;
}

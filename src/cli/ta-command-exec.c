/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-secret.h"
#include "ta-bus.h"
#include "ta-cli.h"
#include "ta-options.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <unistd.h>

/* Becomes another program that finds a token in its environment: the process, its signals and its
 * exit code are then that program's alone. */

/* The broker answers within 60 seconds. */
#define TIMEOUT_MS (65 * 1000)
#define MIN_VALIDITY_MAX 86400
#define VARIABLE "TIDIO_ACCESS_TOKEN"

typedef struct
{
  char **arguments;   /* (owned) (nullable) */
  char *min_validity; /* (owned) (nullable) */
  gboolean interactive;
} Options;

static void
clear_options (Options *options)
{
  g_strfreev (options->arguments);
  g_free (options->min_validity);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, clear_options)

static gboolean
parse (Options *options, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "min-validity", 0, 0, G_OPTION_ARG_STRING, &options->min_validity,
      N_ ("How long the token must still be valid"), N_ ("SECONDS") },
    { "interactive", 0, 0, G_OPTION_ARG_NONE, &options->interactive,
      N_ ("Sign in or unlock the keyring if need be"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->arguments, NULL,
      N_ ("[ACCOUNT] -- COMMAND…") },
    { NULL },
  };

  return ta_options_parse (_ ("Runs a command that finds an access token in TIDIO_ACCESS_TOKEN. "
                              "The token is not renewed\n"
                              "while the command runs. Exit codes: those of the command; 126 if it "
                              "cannot be run, 127 if\n"
                              "there is none of that name.\n\n"
                              "Example: tidio-auth exec work -- ./export-contacts"),
                           entries, argc, argv, error);
}

static GVariant *
build_request (const Options *options, GError **error)
{
  g_auto (GVariantBuilder) request = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  guint min_validity = 0;

  if (!ta_options_get_seconds ("--min-validity", options->min_validity, 0, MIN_VALIDITY_MAX,
                               &min_validity, error))
    return NULL;
  if (options->min_validity != NULL)
    g_variant_builder_add (&request, "{sv}", "min-validity", g_variant_new_uint32 (min_validity));
  if (options->interactive)
    g_variant_builder_add (&request, "{sv}", "interactive", g_variant_new_boolean (TRUE));
  return g_variant_ref_sink (g_variant_builder_end (&request));
}

static gboolean
fetch (const Options *options, GError **error)
{
  const char *account = ta_options_get_account (options->arguments, error);
  g_autoptr (GVariant) request = account == NULL ? NULL : build_request (options, error);
  g_autoptr (TaDBusAuth) auth = NULL;
  g_autoptr (TaSecretString) token = NULL;
  g_autoptr (GVariant) details = NULL;
  const char *type = "Bearer";
  gint64 expires_at;

  if (request != NULL)
    auth = ta_bus_connect (options->interactive ? G_MAXINT : TIMEOUT_MS, error);
  if (auth == NULL
      || !ta_dbus_auth_call_get_token_sync (auth, account, request, &token, &expires_at, &details,
                                            NULL, error))
    return FALSE;
  g_variant_lookup (details, "type", "&s", &type);
  if (g_str_equal (type, "DPoP"))
    ta_cli_warn (_ ("The token is bound to a key that stays in the broker: use tidio-auth call"));
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
  g_auto (Options) options = { 0 };
  struct sigaction sigpipe;
  int end = 1;

  sigaction (SIGPIPE, NULL, &sigpipe);
  while (end < argc && !g_str_equal (argv[end], "--"))
    end++;
  if (!parse (&options, end, argv, error))
    return FALSE;
  if (end + 1 >= argc)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("Name the command behind --"));
  else if (fetch (&options, error))
    become (argv + end + 1, &sigpipe, error);
  return FALSE;
}

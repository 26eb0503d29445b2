/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "ta-sandbox-greeting.h"
#include "ta-sandbox-options.h"
#include "ta-sandbox-server.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

static gboolean
on_signal (void *user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_CONTINUE;
}

static int
fail (int status, const char *sentence)
{
  fprintf (stderr, "tidio-auth-sandbox: %s\n", sentence);
  return status;
}

static int
run (const TaSandboxOptions *options)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (TaSandboxServer) server = ta_sandbox_server_new (&options->settings);
  g_autoptr (GError) error = NULL;

  g_unix_signal_add (SIGINT, on_signal, loop);
  g_unix_signal_add (SIGTERM, on_signal, loop);
  if (!ta_sandbox_server_listen (server, options->port, &error))
    {
      g_autofree char *sentence
          = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)
                ? g_strdup_printf (_ ("Port %u is taken; end the other program or choose another "
                                      "port with --port"),
                                   options->port)
                : g_strdup (error->message);

      return fail (1, sentence);
    }
  ta_sandbox_greeting_print (ta_sandbox_server_get_port (server));
  g_main_loop_run (loop);
  return 0;
}

int
main (int argc, char **argv)
{
  g_auto (TaSandboxOptions) options = { 0 };
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, TA_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  setvbuf (stdout, NULL, _IOLBF, 0);
  signal (SIGPIPE, SIG_IGN);

  if (!ta_sandbox_options_parse (&options, argv, &error))
    return fail (2, error->message);
  if (options.version)
    {
      printf ("tidio-auth-sandbox %s\n", TA_VERSION);
      return 0;
    }
  return run (&options);
}

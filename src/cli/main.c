/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-error.h"
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <stdlib.h>

static const TaCommand commands[] = {
  { "sign-in", N_ ("Sign in through the browser"), ta_command_sign_in },
  { "sign-out", N_ ("Revoke and delete an account's tokens"), ta_command_sign_out },
  { "token", N_ ("Print an access token that is valid now"), ta_command_token },
  { "call", N_ ("Make an API call and print the answer"), ta_command_call },
  { "accounts", N_ ("List the accounts"), ta_command_accounts },
  { "default", N_ ("Show or set the default account"), ta_command_default },
  { "log", N_ ("Print which programs asked for what"), ta_command_log },
  { "watch", N_ ("Print what happens, as it happens"), ta_command_watch },
  { "client", N_ ("Set, show or clear a provider's client id and secret"), ta_command_client },
  { "apps", N_ ("List and set what applications may do"), ta_command_apps },
  { "doctor", N_ ("Look for what keeps it from working"), ta_command_doctor },
  { "exec", N_ ("Run a command with a token in its environment"), ta_command_exec },
  { "credential", N_ ("Give git the token, as its credential helper"), ta_command_credential,
    "git-credential-tidio" },
  { NULL },
};

int
main (int argc, char **argv)
{
  /* It would print every D-Bus message to stdout, tokens included. */
  unsetenv ("G_DBUS_DEBUG");

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, TA_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  /* Registers the D-Bus error names, so that remote errors arrive as TA_ERROR. */
  ta_error_quark ();
  return ta_command_dispatch (commands, argc, argv);
}

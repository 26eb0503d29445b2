/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "ta-bus.h"
#include "ta-cli.h"
#include "ta-options.h"

#include <glib/gi18n.h>

/* The broker gives the provider ten seconds. */
#define TIMEOUT_MS (40 * 1000)

gboolean
ta_command_sign_out (int argc, char **argv, GError **error)
{
  g_auto (GStrv) arguments = NULL;
  const GOptionEntry entries[] = {
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments, NULL, N_ ("[ACCOUNT]") },
    { NULL },
  };
  g_autoptr (TaDBusAuth) auth = NULL;
  const char *account;
  gboolean revoked = FALSE;

  if (!ta_options_parse (_ ("Revokes an account's tokens at the provider and deletes them here.\n\n"
                            "Example: tidio-auth sign-out work"),
                         entries, argc, argv, error))
    return FALSE;
  account = ta_options_get_account (arguments, error);
  if (account == NULL)
    return FALSE;
  auth = ta_bus_connect (TIMEOUT_MS, error);
  if (auth == NULL
      || !ta_dbus_auth_call_sign_out_sync (auth, account, g_variant_new ("a{sv}", NULL), &revoked,
                                           NULL, error))
    return FALSE;
  if (revoked)
    return ta_cli_print (error, "%s",
                         _ ("Signed out. The provider confirmed that the tokens are revoked."));
  return ta_cli_print (error, "%s",
                       _ ("Signed out. The provider did not confirm a revocation: a token that was "
                          "given out may stay valid until it expires."));
}

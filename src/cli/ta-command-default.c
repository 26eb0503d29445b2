/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "ta-bus.h"
#include "ta-cli.h"
#include "ta-options.h"

#include <glib/gi18n.h>

#define TIMEOUT_MS (30 * 1000)

static gboolean
set (TaDBusAuth *auth, const char *account, GError **error)
{
  GVariant *arguments
      = g_variant_new ("(ssv)", "org.tidio.Auth", "DefaultAccount", g_variant_new_string (account));
  g_autoptr (GVariant) reply
      = ta_bus_call (auth, "org.freedesktop.DBus.Properties", "Set", arguments, "()", error);

  return reply != NULL;
}

static gboolean
show (TaDBusAuth *auth, GError **error)
{
  g_autofree char *account = ta_bus_get_default_account (auth, error);

  if (account == NULL)
    return FALSE;
  if (*account != '\0')
    return ta_cli_print (error, "%s", account);
  ta_cli_warn (_ ("No default account is set"));
  return TRUE;
}

gboolean
ta_command_default (int argc, char **argv, GError **error)
{
  g_auto (GStrv) arguments = NULL;
  const GOptionEntry entries[] = {
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments, NULL, N_ ("[ACCOUNT]") },
    { NULL },
  };
  g_autoptr (TaDBusAuth) auth = NULL;
  const char *account;

  if (!ta_options_parse (_ ("Sets the account that is meant when a command names none, or shows "
                            "it.\nAn empty name clears it.\n\nExample: tidio-auth default work"),
                         entries, argc, argv, error))
    return FALSE;
  account = ta_options_get_account (arguments, error);
  auth = account == NULL ? NULL : ta_bus_connect (TIMEOUT_MS, error);
  if (auth == NULL)
    return FALSE;
  return arguments == NULL ? show (auth, error) : set (auth, account, error);
}

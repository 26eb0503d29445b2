/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-default.h"

#include "base/ta-error.h"
#include "ta-bus.h"

#include <glib/gi18n.h>

#define TIMEOUT_MS (30 * 1000)

/* The id of the only account there is. */
static char *
find_only (TaDBusAuth *auth, GError **error)
{
  g_autoptr (GVariant) reply = ta_bus_call (auth, "org.freedesktop.DBus.ObjectManager",
                                            "GetManagedObjects", NULL, "(a{oa{sa{sv}}})", error);
  g_autoptr (GVariantIter) objects = NULL;
  g_autofree char *only = NULL;
  GVariant *interfaces;
  guint count = 0;

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(a{oa{sa{sv}}})", &objects);
  while (g_variant_iter_loop (objects, "{&o@a{sa{sv}}}", NULL, &interfaces))
    {
      g_autoptr (GVariant) account
          = g_variant_lookup_value (interfaces, "org.tidio.Auth.Account", G_VARIANT_TYPE_VARDICT);

      if (account == NULL)
        continue;
      count++;
      g_free (only);
      only = NULL;
      g_variant_lookup (account, "Id", "s", &only);
    }
  if (count == 1 && only != NULL)
    return g_steal_pointer (&only);
  if (count == 0)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                         _ ("No accounts yet: sign in with tidio-auth sign-in"));
  else
    g_set_error (error, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                 ngettext ("Name the account: there is %u, and it is not the default one",
                           "Name the account: there are %u, and none of them is the default one",
                           count),
                 count);
  return NULL;
}

/* The id of the account that is meant where none is named, as the broker says. */
char *
ta_default_find (GError **error)
{
  g_autoptr (TaDBusAuth) auth = ta_bus_connect (TIMEOUT_MS, error);
  g_autofree char *account = auth == NULL ? NULL : ta_bus_get_default_account (auth, error);

  if (account == NULL)
    return NULL;
  return *account != '\0' ? g_steal_pointer (&account) : find_only (auth, error);
}

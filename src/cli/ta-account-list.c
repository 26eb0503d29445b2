/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-account-list.h"

#include "base/ta-error.h"

/* What the broker says of its accounts. */

/* Empty if it has none of that name. */
const char *
ta_account_list_get_string (GVariant *account, const char *property)
{
  const char *value = "";

  g_variant_lookup (account, property, "&s", &value);
  return value;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (ta_account_list_get_string (*(GVariant *const *) a, "Id"),
                    ta_account_list_get_string (*(GVariant *const *) b, "Id"));
}

/* All accounts, by their ids. */
GPtrArray *
ta_account_list_load (TaDBusAuth *auth, GError **error)
{
  g_autoptr (GPtrArray) accounts
      = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  g_autoptr (GVariantIter) objects = NULL;
  GVariant *interfaces;
  g_autoptr (GVariant) reply = ta_bus_call (auth, "org.freedesktop.DBus.ObjectManager",
                                            "GetManagedObjects", NULL, "(a{oa{sa{sv}}})", error);

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(a{oa{sa{sv}}})", &objects);
  while (g_variant_iter_loop (objects, "{&o@a{sa{sv}}}", NULL, &interfaces))
    {
      GVariant *account
          = g_variant_lookup_value (interfaces, "org.tidio.Auth.Account", G_VARIANT_TYPE_VARDICT);

      if (account != NULL)
        g_ptr_array_add (accounts, account);
    }
  g_ptr_array_sort (accounts, compare);
  return g_steal_pointer (&accounts);
}

/* Whether an empty account argument means this one. */
gboolean
ta_account_list_is_default (GVariant *account, GPtrArray *accounts, const char *default_account)
{
  if (*default_account == '\0')
    return accounts->len == 1;
  return g_str_equal (ta_account_list_get_string (account, "Id"), default_account);
}

/* No accounts may also mean that the keyring cannot be read. The broker says so to whoever asks for
 * a token; that there is no account is what it says otherwise. */
gboolean
ta_account_list_check_storage (TaDBusAuth *auth, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) local = NULL;

  reply = ta_bus_call (auth, "org.tidio.Auth", "GetToken", g_variant_new ("(sa{sv})", "", NULL),
                       "(sxa{sv})", &local);
  if (reply != NULL || g_error_matches (local, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

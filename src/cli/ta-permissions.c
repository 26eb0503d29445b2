/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-permissions.h"

#include "base/ta-error.h"
#include "base/ta-grants.h"

#include <glib/gi18n.h>

/* The desktop's permission store, asked without the broker, which may be the very program that one
 * wants to keep from running. */

#define TIMEOUT_MS (10 * 1000)
#define NOT_FOUND "org.freedesktop.portal.Error.NotFound"

static void
translate_error (GError **error, GError *problem)
{
  g_autoptr (GError) local = problem;

  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
      || g_error_matches (local, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY))
    g_set_error_literal (error, TA_ERROR, TA_ERROR_TIMEOUT,
                         _ ("The desktop's permission store does not answer: try again"));
  else if (g_dbus_error_is_remote_error (local))
    {
      g_dbus_error_strip_remote_error (local);
      g_set_error (error, TA_ERROR, TA_ERROR_FAILED,
                   _ ("The session has no permission store that works: install "
                      "xdg-desktop-portal (%s)"),
                   local->message);
    }
  else
    g_propagate_error (error, g_steal_pointer (&local));
}

/* `found` (nullable): if given, that the store does not know what is asked for is no error. */
static GVariant *
call (GDBusConnection *bus, const char *method, GVariant *arguments, const char *reply_type,
      gboolean *found, GError **error)
{
  g_autoptr (GError) local = NULL;
  GVariant *reply = g_dbus_connection_call_sync (
      bus, TA_GRANTS_STORE, TA_GRANTS_STORE_PATH, TA_GRANTS_STORE, method, arguments,
      G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, &local);
  g_autofree char *name = local == NULL ? NULL : g_dbus_error_get_remote_error (local);

  if (found != NULL)
    *found = g_strcmp0 (name, NOT_FOUND) != 0;
  if (local != NULL && (found == NULL || *found))
    translate_error (error, g_steal_pointer (&local));
  return reply;
}

/* Those of which anything is known. */
char **
ta_permissions_list_accounts (GDBusConnection *bus, GError **error)
{
  g_autoptr (GVariant) reply
      = call (bus, "List", g_variant_new ("(s)", TA_GRANTS_TABLE), "(as)", NULL, error);
  char **accounts = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(^as)", &accounts);
  return accounts;
}

/* Applications and their permissions, a{sas}. */
GVariant *
ta_permissions_load (GDBusConnection *bus, const char *account, GError **error)
{
  gboolean found;
  g_autoptr (GVariant) reply = call (
      bus, "Lookup", g_variant_new ("(ss)", TA_GRANTS_TABLE, account), "(a{sas}v)", &found, error);

  if (reply != NULL)
    return g_variant_get_child_value (reply, 0);
  return found ? NULL : g_variant_ref_sink (g_variant_new ("a{sas}", NULL));
}

/* What was there before is replaced. */
gboolean
ta_permissions_save (GDBusConnection *bus, const char *account, const char *application,
                     const char *const *permissions, GError **error)
{
  g_autoptr (GVariant) reply
      = call (bus, "SetPermission",
              g_variant_new ("(sbss^as)", TA_GRANTS_TABLE, TRUE, account, application, permissions),
              "()", NULL, error);

  return reply != NULL;
}

/* The last application takes the account's entry with it. */
gboolean
ta_permissions_forget (GDBusConnection *bus, const char *account, const char *application,
                       GError **error)
{
  g_autoptr (GVariant) applications = ta_permissions_load (bus, account, error);
  g_autoptr (GVariant) permissions = NULL;
  g_autoptr (GVariant) reply = NULL;

  if (applications == NULL)
    return FALSE;
  permissions = g_variant_lookup_value (applications, application, G_VARIANT_TYPE_STRING_ARRAY);
  if (permissions == NULL)
    {
      g_set_error (error, TA_ERROR, TA_ERROR_FAILED,
                   _ ("Nothing is known of %s and the account %s: see tidio-auth apps list"),
                   application, account);
      return FALSE;
    }
  if (g_variant_n_children (applications) == 1)
    reply
        = call (bus, "Delete", g_variant_new ("(ss)", TA_GRANTS_TABLE, account), "()", NULL, error);
  else
    reply
        = call (bus, "DeletePermission",
                g_variant_new ("(sss)", TA_GRANTS_TABLE, account, application), "()", NULL, error);
  return reply != NULL;
}

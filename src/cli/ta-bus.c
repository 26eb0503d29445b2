/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-bus.h"

#include "base/ta-error.h"
#include "ta-owner.h"

#include <glib/gi18n.h>

/* The broker's proxy keeps no property cache: a cached property is silently absent when the broker
 * cannot be started, a call says so. Properties are therefore read by ta_bus_call(). */

/* The session bus. What GDBus has against it is no part of the error: it may quote the address.
 * Errors: TA_ERROR_FAILED. */
GDBusConnection *
ta_bus_open (GError **error)
{
  g_autoptr (GError) local = NULL;
  GDBusConnection *bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &local);

  if (bus != NULL)
    {
      g_dbus_connection_set_exit_on_close (bus, FALSE);
      return bus;
    }
  g_debug ("%s", local->message);
  g_set_error_literal (error, TA_ERROR, TA_ERROR_FAILED,
                       _ ("There is no session bus; run this in a desktop session or under "
                          "dbus-run-session"));
  return NULL;
}

static void
take_result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **taken = user_data;

  *taken = g_object_ref (result);
}

/* `timeout_ms`: how long each method call may take, G_MAXINT for ever. Starts the broker, and sends
 * nothing to whoever else has its name.
 * Errors: also those of ta_owner_check(). */
TaDBusAuth *
ta_bus_connect (int timeout_ms, GError **error)
{
  g_autoptr (GDBusConnection) connection = ta_bus_open (error);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (TaDBusAuth) auth = NULL;
  gboolean is_broker;

  if (connection == NULL)
    return NULL;
  /* It asks the bus for the owner's unique name, and the owner for nothing. */
  ta_dbus_auth_proxy_new (connection,
                          G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES
                              | G_DBUS_PROXY_FLAGS_DO_NOT_CONNECT_SIGNALS
                              | G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START_AT_CONSTRUCTION,
                          TA_BUS_NAME, TA_BUS_PATH, NULL, take_result_cb, &result);
  is_broker = ta_owner_check (connection, TA_BUS_NAME, error);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  auth = ta_dbus_auth_proxy_new_finish (result, is_broker ? error : NULL);
  if (auth == NULL || !is_broker)
    return NULL;
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (auth), timeout_ms);
  return g_steal_pointer (&auth);
}

/* Calls a method of a standard interface of the broker's object. */
GVariant *
ta_bus_call (TaDBusAuth *auth, const char *interface, const char *method, GVariant *arguments,
             const char *reply_type, GError **error)
{
  GDBusProxy *proxy = G_DBUS_PROXY (auth);

  return g_dbus_connection_call_sync (g_dbus_proxy_get_connection (proxy), TA_BUS_NAME, TA_BUS_PATH,
                                      interface, method, arguments, G_VARIANT_TYPE (reply_type),
                                      G_DBUS_CALL_FLAGS_NONE,
                                      g_dbus_proxy_get_default_timeout (proxy), NULL, error);
}

char *
ta_bus_get_default_account (TaDBusAuth *auth, GError **error)
{
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariant) reply
      = ta_bus_call (auth, "org.freedesktop.DBus.Properties", "Get",
                     g_variant_new ("(ss)", "org.tidio.Auth", "DefaultAccount"), "(v)", error);

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(v)", &value);
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    {
      g_set_error_literal (error, TA_ERROR, TA_ERROR_FAILED,
                           _ ("The broker's default account is not text"));
      return NULL;
    }
  return g_variant_dup_string (value, NULL);
}

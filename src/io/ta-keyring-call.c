/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-keyring-call.h"

/* Plain calls of the Secret Service, to the process that has its name now. One that took it over
 * knows nothing of the session: such a call fails, and is tried with another one. Collections and
 * items are paths to the rest of this folder. Each of libsecret's objects for them is a proxy, and
 * to make one and to let it go takes ten messages where what is wanted takes one. */

/* `reply_type` (nullable): any. They end with the cancellable, which is that of a deadline;
 * `result` is for g_dbus_connection_call_finish(). */
void
ta_keyring_call (SecretService *service, const char *path, const char *interface,
                 const char *method, GVariant *arguments, const char *reply_type,
                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GDBusProxy *proxy = G_DBUS_PROXY (service);
  g_autofree char *owner = g_dbus_proxy_get_name_owner (proxy);

  g_dbus_connection_call (
      g_dbus_proxy_get_connection (proxy), owner != NULL ? owner : g_dbus_proxy_get_name (proxy),
      path, interface, method, arguments, reply_type != NULL ? G_VARIANT_TYPE (reply_type) : NULL,
      G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, cancellable, callback, user_data);
}

void
ta_keyring_call_get (SecretService *service, const char *path, const char *interface,
                     const char *property, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  ta_keyring_call (service, path, "org.freedesktop.DBus.Properties", "Get",
                   g_variant_new ("(ss)", interface, property), "(v)", cancellable, callback,
                   user_data);
}

/* (transfer full): `source` is what the callback got. Errors: also G_IO_ERROR_INVALID_DATA: it is
 * of another type. */
GVariant *
ta_keyring_call_get_finish (GObject *source, GAsyncResult *result, const char *type, GError **error)
{
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, error);
  g_autoptr (GVariant) value = NULL;

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(v)", &value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE (type)))
    return g_steal_pointer (&value);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                       "The Secret Service has a property of another type than it should be");
  return NULL;
}

/* Whether what was called is not there any more. */
gboolean
ta_keyring_call_is_gone (const GError *error)
{
  g_autofree char *name = g_dbus_error_get_remote_error (error);

  return g_strcmp0 (name, "org.freedesktop.Secret.Error.NoSuchObject") == 0
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-keyring-look.h"

/* A look at the Secret Service that changes nothing: it starts no service, opens no session, and
 * nobody is asked for a password. The default collection -> is it locked? */

#define NAME "org.freedesktop.secrets"
#define TIMEOUT_MS 4000

static void
ask (GTask *task, const char *path, const char *interface, const char *method, GVariant *arguments,
     const char *reply_type, GAsyncReadyCallback callback)
{
  g_dbus_connection_call (g_task_get_source_object (task), NAME, path, interface, method, arguments,
                          G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NO_AUTO_START, TIMEOUT_MS,
                          g_task_get_cancellable (task), callback, task);
}

static TaKeyringLook
judge (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)
                 || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
             ? TA_KEYRING_LOOK_ABSENT
             : TA_KEYRING_LOOK_SILENT;
}

static void
locked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autoptr (GVariant) locked = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(v)", &locked);
  if (locked == NULL || !g_variant_is_of_type (locked, G_VARIANT_TYPE_BOOLEAN))
    g_task_return_int (task, TA_KEYRING_LOOK_SILENT);
  else
    g_task_return_int (task, g_variant_get_boolean (locked) ? TA_KEYRING_LOOK_LOCKED
                                                            : TA_KEYRING_LOOK_OPEN);
}

static void
alias_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  const char *path;

  if (reply == NULL)
    {
      g_task_return_int (task, judge (error));
      return;
    }
  g_variant_get (reply, "(&o)", &path);
  if (g_str_equal (path, "/"))
    g_task_return_int (task, TA_KEYRING_LOOK_EMPTY);
  else
    ask (g_steal_pointer (&task), path, "org.freedesktop.DBus.Properties", "Get",
         g_variant_new ("(ss)", "org.freedesktop.Secret.Collection", "Locked"), "(v)", locked_cb);
}

void
ta_keyring_look_async (GDBusConnection *bus, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (bus, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_keyring_look_async);
  g_task_set_check_cancellable (task, FALSE);
  ask (task, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "ReadAlias",
       g_variant_new ("(s)", "default"), "(o)", alias_cb);
}

TaKeyringLook
ta_keyring_look_finish (GDBusConnection *bus, GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, bus), TA_KEYRING_LOOK_SILENT);
  return (TaKeyringLook) g_task_propagate_int (G_TASK (result), NULL);
}

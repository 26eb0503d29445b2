/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-locked.h"

/* Which collections are locked, the default one or any other: what lies in one that was locked when
 * the service started is found by no search, so what is not found may be in it. libsecret's own
 * knowledge is not used: it comes from signals that not every service sends. */

typedef struct
{
  char **paths;      /* (owned) (nullable): all collections */
  guint next;        /* of these, to be looked at */
  GPtrArray *locked; /* (owned) (element-type char *) */
} Locked;

static void look_at_next (GTask *task);

static void
locked_free (Locked *locked)
{
  g_strfreev (locked->paths);
  g_ptr_array_unref (locked->locked);
  g_free (locked);
}

/* (transfer full) (nullable): NULL: it was not told, or is of another type. */
static GVariant *
take_property (GObject *source, GAsyncResult *result, const char *type, GError **error)
{
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, error);
  g_autoptr (GVariant) value = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);
  return value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE (type))
             ? g_steal_pointer (&value)
             : NULL;
}

/* Of the same process that was opened. */
static void
get_property (GTask *task, const char *path, const char *interface, const char *name,
              GAsyncReadyCallback callback)
{
  GDBusProxy *service = g_task_get_source_object (task);
  g_autofree char *owner = g_dbus_proxy_get_name_owner (service);

  g_dbus_connection_call (g_dbus_proxy_get_connection (service),
                          owner != NULL ? owner : g_dbus_proxy_get_name (service), path,
                          "org.freedesktop.DBus.Properties", "Get",
                          g_variant_new ("(ss)", interface, name), G_VARIANT_TYPE ("(v)"),
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, g_task_get_cancellable (task),
                          callback, task);
}

/* A collection that went meanwhile hides nothing. */
static void
look_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Locked *locked = g_task_get_task_data (task);
  g_autoptr (GVariant) value = take_property (source, result, "b", NULL);

  if (value != NULL && g_variant_get_boolean (value))
    g_ptr_array_add (locked->locked, g_strdup (locked->paths[locked->next - 1]));
  if (!g_task_return_error_if_cancelled (task))
    look_at_next (g_steal_pointer (&task));
}

/* Takes the task. */
static void
look_at_next (GTask *task)
{
  Locked *locked = g_task_get_task_data (task);
  const char *path = locked->paths[locked->next];

  if (path != NULL)
    {
      locked->next++;
      get_property (task, path, "org.freedesktop.Secret.Collection", "Locked", look_cb);
      return;
    }
  g_ptr_array_add (locked->locked, NULL);
  g_task_return_pointer (task, g_strdupv ((char **) locked->locked->pdata),
                         (GDestroyNotify) g_strfreev);
  g_object_unref (task);
}

static void
collections_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Locked *locked = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) paths = take_property (source, result, "ao", &error);

  if (paths == NULL)
    {
      g_task_return_error (task, error != NULL
                                     ? g_steal_pointer (&error)
                                     : g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                                                            "No list of collections"));
      return;
    }
  locked->paths = g_variant_dup_objv (paths, NULL);
  look_at_next (g_steal_pointer (&task));
}

/* Errors: the Secret Service failed. */
void
ta_locked_find_async (SecretService *service, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (service, cancellable, callback, user_data);
  Locked *locked = g_new0 (Locked, 1);

  g_task_set_source_tag (task, ta_locked_find_async);
  locked->locked = g_ptr_array_new_with_free_func (g_free);
  g_task_set_task_data (task, locked, (GDestroyNotify) locked_free);
  get_property (task, g_dbus_proxy_get_object_path (G_DBUS_PROXY (service)),
                "org.freedesktop.Secret.Service", "Collections", collections_cb);
}

/* (transfer full): the paths of those that are locked. */
char **
ta_locked_find_finish (SecretService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

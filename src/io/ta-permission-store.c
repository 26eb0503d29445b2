/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-permission-store.h"

#include "base/ta-error.h"
#include "base/ta-grants.h"

/* The desktop's permission store, which belongs to its portals and which "flatpak permissions"
 * shows. It is asked each time: what somebody takes back there counts from the next request on.
 * Whatever else it answers than a list of permissions, nothing is allowed. */

#define DEADLINE_MS (10 * 1000)
#define NOT_FOUND "org.freedesktop.portal.Error.NotFound"

static gboolean
is_remote (const GError *error, const char *name)
{
  g_autofree char *remote = g_dbus_error_get_remote_error (error);

  return g_strcmp0 (remote, name) == 0;
}

/* A permission store that does not answer may do so later; one that is not there, or no such one,
 * will not. That the call was given up the task says itself. */
static GError *
create_error (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMED_OUT))
    return g_error_new_literal (TA_ERROR, TA_ERROR_TIMEOUT,
                                "The desktop's permission store does not answer: try again");
  return g_error_new_literal (TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                              "Nothing tells what this application may do, as the session has no "
                              "permission store: install xdg-desktop-portal");
}

static void
call (GTask *task, const char *method, GVariant *arguments, const char *reply_type,
      GAsyncReadyCallback callback)
{
  GDBusConnection *bus = g_task_get_source_object (task);

  g_dbus_connection_call (bus, TA_GRANTS_STORE, TA_GRANTS_STORE_PATH, TA_GRANTS_STORE, method,
                          arguments, G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NONE,
                          DEADLINE_MS, g_task_get_cancellable (task), callback,
                          g_object_ref (task));
}

static void
lookup_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const char *application = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autoptr (GVariant) applications = NULL;
  char **permissions = NULL;

  if (reply == NULL && !is_remote (error, NOT_FOUND))
    {
      g_task_return_error (task, create_error (error));
      return;
    }
  applications = reply == NULL ? NULL : g_variant_get_child_value (reply, 0);
  if (applications == NULL || !g_variant_lookup (applications, application, "^as", &permissions))
    permissions = g_new0 (char *, 1);
  g_task_return_pointer (task, permissions, (GDestroyNotify) g_strfreev);
}

/* What the application may do with the account; `application` is the name it has in the store. */
void
ta_permission_store_load_async (GDBusConnection *bus, const char *account, const char *application,
                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (bus, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_permission_store_load_async);
  g_task_set_task_data (task, g_strdup (application), g_free);
  call (task, "Lookup", g_variant_new ("(ss)", TA_GRANTS_TABLE, account), "(a{sas}v)", lookup_cb);
}

/* (transfer full): an empty list if nothing is known.
 * Errors: TA_ERROR_NOT_AUTHORIZED: there is no store; TA_ERROR_TIMEOUT; G_IO_ERROR_CANCELLED. */
char **
ta_permission_store_load_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
save_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL)
    g_task_return_error (task, create_error (error));
  else
    g_task_return_boolean (task, TRUE);
}

/* Replaces what the application may do with the account. It is not cancellable: the user decided.
 */
void
ta_permission_store_save_async (GDBusConnection *bus, const char *account, const char *application,
                                const char *const *permissions, GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (bus, NULL, callback, user_data);

  g_task_set_source_tag (task, ta_permission_store_save_async);
  call (task, "SetPermission",
        g_variant_new ("(sbss^as)", TA_GRANTS_TABLE, TRUE, account, application, permissions), "()",
        save_cb);
}

/* Errors: those of ta_permission_store_load_finish(). */
gboolean
ta_permission_store_save_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

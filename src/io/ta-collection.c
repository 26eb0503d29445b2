/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Only for what takes paths, which has been there since libsecret 0.16. */
#define SECRET_API_SUBJECT_TO_CHANGE
#include "ta-collection.h"

#include "io/ta-keyring-call.h"

/* Which collection is the default one -> is it locked? */

void
ta_collection_look_async (SecretService *service, const char *path, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  ta_keyring_call_get (service, path, "org.freedesktop.Secret.Collection", "Locked", cancellable,
                       callback, user_data);
}

/* `source` is what the callback got. */
gboolean
ta_collection_look_finish (GObject *source, GAsyncResult *result, gboolean *is_locked,
                           GError **error)
{
  g_autoptr (GVariant) locked = ta_keyring_call_get_finish (source, result, "b", error);

  if (locked != NULL)
    *is_locked = g_variant_get_boolean (locked);
  return locked != NULL;
}

static void
locked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  gboolean is_locked;

  if (ta_collection_look_finish (source, result, &is_locked, &error))
    g_task_return_boolean (task, is_locked);
  else
    g_task_return_error (task, error);
}

static void
alias_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SecretService *service = SECRET_SERVICE (source);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;
  char *path = secret_service_read_alias_dbus_path_finish (service, result, &error);

  g_task_set_task_data (task, path, g_free);
  if (error != NULL)
    g_task_return_error (task, error);
  else if (path == NULL)
    g_task_return_boolean (task, FALSE);
  else
    ta_collection_look_async (service, path, cancellable, locked_cb, g_steal_pointer (&task));
}

/* Errors: the Secret Service failed. */
void
ta_collection_find_async (SecretService *service, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (service, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_collection_find_async);
  secret_service_read_alias_dbus_path (service, SECRET_COLLECTION_DEFAULT, cancellable, alias_cb,
                                       task);
}

/* (transfer full) (nullable): its path; NULL without an error: there is none. */
char *
ta_collection_find_finish (SecretService *service, GAsyncResult *result, gboolean *is_locked,
                           GError **error)
{
  GTask *task = G_TASK (result);
  GError *local = NULL;

  g_return_val_if_fail (g_task_is_valid (result, service), NULL);
  *is_locked = g_task_propagate_boolean (task, &local);
  if (local == NULL)
    return g_strdup (g_task_get_task_data (task));
  g_propagate_error (error, local);
  return NULL;
}

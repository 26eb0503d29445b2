/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Only for the session's path and what it encodes, which has been there since libsecret 0.16. */
#define SECRET_API_SUBJECT_TO_CHANGE
#include "ta-secrets.h"

#include "io/ta-keyring-call.h"

/* The secrets of items. Session and keys are libsecret's, the call is not: that of libsecret 0.20.5
 * never frees the answer. */

/* (transfer full) (nullable): NULL if it is no text, or came through a session whose ends have
 * different keys. Its content type is not asked: services change it. */
static TaSecret *
read_text (SecretService *service, GVariant *secret)
{
  g_autoptr (SecretValue) value = secret_service_decode_dbus_secret (service, secret);
  gsize length;
  const char *text = value == NULL ? NULL : secret_value_get (value, &length);

  /* No NUL is valid UTF-8 here; libsecret puts one behind the end. */
  return text != NULL && g_utf8_validate_len (text, length, NULL) ? ta_secret_new (text) : NULL;
}

static void
call_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GHashTable) secrets = NULL;
  g_autoptr (GVariantIter) iter = NULL;
  GError *error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  const char *path;
  GVariant *secret;

  if (reply == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  secrets
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) ta_secret_unref);
  g_variant_get (reply, "(a{o(oayays)})", &iter);
  while (g_variant_iter_loop (iter, "{&o@(oayays)}", &path, &secret))
    {
      TaSecret *text = read_text (g_task_get_source_object (task), secret);

      if (text != NULL)
        g_hash_table_replace (secrets, g_strdup (path), text);
    }
  g_task_return_pointer (task, g_steal_pointer (&secrets), (GDestroyNotify) g_hash_table_unref);
}

/* `paths`: of the items. */
void
ta_secrets_read_async (SecretService *service, const char *const *paths, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (service, cancellable, callback, user_data);
  const char *session = secret_service_get_session_dbus_path (service);

  g_task_set_source_tag (task, ta_secrets_read_async);
  if (session != NULL)
    ta_keyring_call (service, g_dbus_proxy_get_object_path (G_DBUS_PROXY (service)),
                     "org.freedesktop.Secret.Service", "GetSecrets",
                     g_variant_new ("(^aoo)", paths, session), "(a{o(oayays)})", cancellable,
                     call_cb, task);
  else
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "The session has ended");
      g_object_unref (task);
    }
}

/* (transfer full) (element-type utf8 TaSecret): by path, of those whose secret is there and is
 * text. Errors: the Secret Service failed. */
GHashTable *
ta_secrets_read_finish (SecretService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

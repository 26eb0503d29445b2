/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-loopback-trial.h"

#include "io/ta-loopback.h"

/* Whether a program of this computer finds another one at a loopback address: something listens
 * there for a moment and is called. To listen alone proves nothing, that works on a device that is
 * down as well. */

#define TIMEOUT 2 /* seconds */

static void
free_service (GSocketService *service)
{
  g_socket_listener_close (G_SOCKET_LISTENER (service));
  g_object_unref (service);
}

static void
connect_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GSocketConnection) connection
      = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, NULL);

  g_task_return_boolean (task, connection != NULL);
}

/* `address`: a loopback address, as a number. */
void
ta_loopback_trial_async (const char *address, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) place = NULL;
  GSocketService *service;
  guint16 port = 0;

  g_task_set_source_tag (task, ta_loopback_trial_async);
  g_task_set_check_cancellable (task, FALSE);
  service = ta_loopback_listen (address, &port, NULL);
  if (service == NULL)
    {
      g_task_return_boolean (task, FALSE);
      return;
    }
  g_task_set_task_data (task, service, (GDestroyNotify) free_service);
  place = g_inet_socket_address_new_from_string (address, port);
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_set_timeout (client, TIMEOUT);
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (place), cancellable, connect_cb,
                                 g_steal_pointer (&task));
}

gboolean
ta_loopback_trial_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  return g_task_propagate_boolean (G_TASK (result), NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit-peer.h"

struct _UnitPeer
{
  GSocketConnection *connection; /* (owned) */
  GCancellable *cancellable;     /* (owned) */
  GString *received;             /* (owned) */
  gboolean ended;
};

static void read_more (UnitPeer *self);

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  UnitPeer *self = user_data;
  g_autoptr (GBytes) bytes
      = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, NULL);

  if (bytes == NULL || g_bytes_get_size (bytes) == 0)
    {
      self->ended = TRUE;
      return;
    }
  g_string_append_len (self->received, g_bytes_get_data (bytes, NULL),
                       (gssize) g_bytes_get_size (bytes));
  read_more (self);
}

static void
read_more (UnitPeer *self)
{
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (self->connection));

  g_input_stream_read_bytes_async (input, 65536, G_PRIORITY_DEFAULT, self->cancellable, read_cb,
                                   self);
}

static GSocketConnection *
open_connection (const char *address, guint16 port, GError **error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) target = g_inet_socket_address_new_from_string (address, port);

  g_socket_client_set_enable_proxy (client, FALSE);
  return g_socket_client_connect (client, G_SOCKET_CONNECTABLE (target), NULL, error);
}

gboolean
unit_peer_can_connect (const char *address, guint16 port)
{
  g_autoptr (GSocketConnection) connection = open_connection (address, port, NULL);

  return connection != NULL;
}

UnitPeer *
unit_peer_new (const char *address, guint16 port)
{
  UnitPeer *self = g_new0 (UnitPeer, 1);
  g_autoptr (GError) error = NULL;

  self->connection = open_connection (address, port, &error);
  g_assert_no_error (error);
  self->cancellable = g_cancellable_new ();
  self->received = g_string_new (NULL);
  read_more (self);
  return self;
}

/* `length` -1: up to the NUL. */
void
unit_peer_send (UnitPeer *self, const char *bytes, gssize length)
{
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (self->connection));
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (output, bytes, length < 0 ? strlen (bytes) : (gsize) length, NULL,
                             NULL, &error);
  g_assert_no_error (error);
}

/* Sends the end, and goes on receiving. */
void
unit_peer_shut (UnitPeer *self)
{
  g_autoptr (GError) error = NULL;

  g_socket_shutdown (g_socket_connection_get_socket (self->connection), FALSE, TRUE, &error);
  g_assert_no_error (error);
}

gboolean
unit_peer_has_ended (UnitPeer *self)
{
  return self->ended;
}

/* What was received, once it is so many bytes or all there is. */
const char *
unit_peer_await (UnitPeer *self, gsize length)
{
  while (!self->ended && self->received->len < length)
    g_main_context_iteration (NULL, TRUE);
  return self->received->str;
}

/* What was received until the other end closed the connection. */
const char *
unit_peer_await_end (UnitPeer *self)
{
  while (!self->ended)
    g_main_context_iteration (NULL, TRUE);
  return self->received->str;
}

void
unit_peer_free (UnitPeer *self)
{
  g_cancellable_cancel (self->cancellable);
  unit_peer_await_end (self);
  g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
  g_object_unref (self->connection);
  g_object_unref (self->cancellable);
  g_string_free (self->received, TRUE);
  g_free (self);
}

GSocket *
unit_peer_listen (const char *address, guint16 *port)
{
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new_from_string (address, *port);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new (g_socket_address_get_family (wanted), G_SOCKET_TYPE_STREAM,
                                  G_SOCKET_PROTOCOL_TCP, &error);

  g_assert_no_error (error);
  g_assert_true (g_socket_bind (socket, wanted, TRUE, NULL));
  g_assert_true (g_socket_listen (socket, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return socket;
}

/* Lets everything end that is under way. */
void
unit_peer_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

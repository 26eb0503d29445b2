/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-replay-stream.h"

#include "unit-peer.h"

typedef struct
{
  GIOStream *stream; /* (owned) */
  UnitPeer *peer;    /* (owned) */
} Fixture;

/* A connection whose peer has already sent more than the head. */
static void
set_up (Fixture *fixture, gconstpointer data)
{
  guint16 port = 0;
  g_autoptr (GSocket) listener = unit_peer_listen ("127.0.0.1", &port);
  g_autoptr (GBytes) head = g_bytes_new_static ("head", 4);
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) connection = NULL;

  fixture->peer = unit_peer_new ("127.0.0.1", port);
  unit_peer_send (fixture->peer, "a second request", -1);
  socket = g_socket_accept (listener, NULL, NULL);
  connection = g_socket_connection_factory_create_connection (socket);
  fixture->stream = ta_replay_stream_new (G_IO_STREAM (connection), head);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->stream);
  unit_peer_free (fixture->peer);
  unit_peer_settle ();
}

static void
check_read (Fixture *fixture, gconstpointer data)
{
  GInputStream *input = g_io_stream_get_input_stream (fixture->stream);
  char bytes[64] = "";
  gsize length;

  g_assert_true (g_input_stream_read_all (input, bytes, sizeof bytes, &length, NULL, NULL));
  g_assert_cmpuint (length, ==, 4);
  g_assert_cmpstr (bytes, ==, "head");
}

static void
check_write (Fixture *fixture, gconstpointer data)
{
  GOutputStream *output = g_io_stream_get_output_stream (fixture->stream);

  g_assert_true (g_output_stream_write_all (output, "answer", 6, NULL, NULL, NULL));
  g_assert_true (g_output_stream_flush (output, NULL, NULL));
  g_assert_cmpstr (unit_peer_await (fixture->peer, 6), ==, "answer");
  g_assert_false (unit_peer_has_ended (fixture->peer));
}

static void
check_close (Fixture *fixture, gconstpointer data)
{
  g_assert_true (g_io_stream_close (fixture->stream, NULL, NULL));
  g_assert_cmpstr (unit_peer_await_end (fixture->peer), ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/replay-stream/UN-RS-01-read", Fixture, NULL, set_up, check_read, tear_down);
  g_test_add ("/replay-stream/UN-RS-02-write", Fixture, NULL, set_up, check_write, tear_down);
  g_test_add ("/replay-stream/UN-RS-03-close", Fixture, NULL, set_up, check_close, tear_down);
  return g_test_run ();
}

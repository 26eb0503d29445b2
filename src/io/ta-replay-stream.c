/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-replay-stream.h"

/* A connection whose request was read already: reading gives exactly those bytes and then the end,
 * writing goes to the peer, closing closes the connection. */

struct _TaReplayStream
{
  GIOStream parent_instance;

  GIOStream *connection; /* (owned) */
  GInputStream *input;   /* (owned) */
};

G_DEFINE_FINAL_TYPE (TaReplayStream, ta_replay_stream, G_TYPE_IO_STREAM)

static GInputStream *
ta_replay_stream_get_input_stream (GIOStream *stream)
{
  return TA_REPLAY_STREAM (stream)->input;
}

static GOutputStream *
ta_replay_stream_get_output_stream (GIOStream *stream)
{
  return g_io_stream_get_output_stream (TA_REPLAY_STREAM (stream)->connection);
}

static gboolean
ta_replay_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (TA_REPLAY_STREAM (stream)->connection, cancellable, error);
}

static void
ta_replay_stream_finalize (GObject *object)
{
  TaReplayStream *self = TA_REPLAY_STREAM (object);

  g_object_unref (self->connection);
  g_object_unref (self->input);
  G_OBJECT_CLASS (ta_replay_stream_parent_class)->finalize (object);
}

static void
ta_replay_stream_init (TaReplayStream *self)
{
}

static void
ta_replay_stream_class_init (TaReplayStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = ta_replay_stream_finalize;
  stream_class->get_input_stream = ta_replay_stream_get_input_stream;
  stream_class->get_output_stream = ta_replay_stream_get_output_stream;
  stream_class->close_fn = ta_replay_stream_close;
}

GIOStream *
ta_replay_stream_new (GIOStream *connection, GBytes *head)
{
  TaReplayStream *self = g_object_new (TA_TYPE_REPLAY_STREAM, NULL);

  self->connection = g_object_ref (connection);
  self->input = g_memory_input_stream_new_from_bytes (head);
  return G_IO_STREAM (self);
}

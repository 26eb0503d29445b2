/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-download.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <unistd.h>

/* A response body on its way into a pipe: one block is read, then all of it is written, then the
 * next is read, so a slow reader holds up nothing but its own server. A reader that closes its end
 * ends the download at once, also while the server is silent. */

/* Large reads make large bodies several times faster than libsoup's 8 KiB. */
#define BLOCK (256 * 1024)
#define PIPE_SIZE (1024 * 1024)

typedef struct
{
  GInputStream *from;        /* (owned) */
  GOutputStream *to;         /* (owned): closes the descriptor */
  GCancellable *cancellable; /* (owned) */
  guint timeout;             /* seconds that the server may be silent */
  guint timer;               /* while it is waited for */
  guint watch;               /* of the reader */
  guint8 *block;             /* (owned) */
} Download;

static void read_block (GTask *task);

static void
download_free (Download *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_handle_id (&self->watch, g_source_remove);
  g_object_unref (self->from);
  g_object_unref (self->to);
  g_object_unref (self->cancellable);
  g_free (self->block);
  g_free (self);
}

static gboolean
on_reader_left (int fd, GIOCondition condition, gpointer user_data)
{
  Download *self = user_data;

  self->watch = 0;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
on_silence (gpointer user_data)
{
  Download *self = user_data;

  self->timer = 0;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

static void
write_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, &error))
    read_block (g_steal_pointer (&task));
  else
    g_task_return_error (task, error);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Download *self = g_task_get_task_data (task);
  GError *error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);

  g_clear_handle_id (&self->timer, g_source_remove);
  if (n < 0)
    g_task_return_error (task, error);
  else if (n == 0)
    g_task_return_boolean (task, TRUE);
  else
    g_output_stream_write_all_async (self->to, self->block, (gsize) n, G_PRIORITY_DEFAULT,
                                     self->cancellable, write_cb, g_steal_pointer (&task));
}

/* Takes the task. */
static void
read_block (GTask *task)
{
  Download *self = g_task_get_task_data (task);

  self->timer = g_timeout_add_seconds (self->timeout, on_silence, self);
  g_input_stream_read_async (self->from, self->block, BLOCK, G_PRIORITY_DEFAULT, self->cancellable,
                             read_cb, task);
}

/* The end to write to, which does not block; -1: there are no descriptors left. `reader` (out): the
 * end for the caller. */
int
ta_download_create_pipe (int *reader, GError **error)
{
  int fds[2];

  if (!g_unix_open_pipe (fds, FD_CLOEXEC, error))
    return -1;
  g_unix_set_fd_nonblocking (fds[1], TRUE, NULL);
  fcntl (fds[1], F_SETPIPE_SZ, PIPE_SIZE);
  *reader = fds[0];
  return fds[1];
}

/* Moves all that `from` gives into the pipe, and closes both. Takes `fd`. `timeout`: seconds that
 * the server may be silent. Errors: G_IO_ERROR; the reader then sees an early end. */
void
ta_download_async (GInputStream *from, int fd, guint timeout, GAsyncReadyCallback callback,
                   gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Download *self = g_new0 (Download, 1);

  g_task_set_source_tag (task, ta_download_async);
  self->from = g_object_ref (from);
  self->to = g_unix_output_stream_new (fd, TRUE);
  self->cancellable = g_cancellable_new ();
  self->timeout = timeout;
  self->block = g_malloc (BLOCK);
  self->watch = g_unix_fd_add (fd, G_IO_ERR, on_reader_left, self);
  g_task_set_task_data (task, self, (GDestroyNotify) download_free);
  read_block (task);
}

gboolean
ta_download_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

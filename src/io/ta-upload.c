/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-upload.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <sys/stat.h>
#include <unistd.h>

/* A request body in a pipe or a plain file of the caller's, which is not trusted:
 *
 * - The open file description may be shared with the caller, who can change its flags and its
 *   position and read at the same time. So a pipe is opened anew, for a description of our own that
 *   never blocks, and a file is read at positions of our own.
 * - The beginning of a pipe is kept, as long as that is all that was read. A short body is
 * therefore known to its end before the request is sent, which then tells its length, and a request
 * can be sent once more as long as the server was given no more than that.
 * - Nothing is read faster than it is sent. */

#define KEPT_MAX (64 * 1024)

struct _TaUpload
{
  grefcount refs;
  int fd;           /* (owned) */
  gboolean is_file; /* a plain file; otherwise a pipe */
  goffset start;    /* of the body in the file */
  goffset length;   /* bytes; -1: unknown */
  goffset position; /* in the body, of what is read next */
  GByteArray
      *kept; /* (owned) (nullable): the beginning of the pipe, while it is all that was read */
  gboolean is_empty; /* the pipe has come to its end */
};

#define TA_TYPE_UPLOAD_STREAM (ta_upload_stream_get_type ())
G_DECLARE_FINAL_TYPE (TaUploadStream, ta_upload_stream, TA, UPLOAD_STREAM, GInputStream)

struct _TaUploadStream
{
  GInputStream parent_instance;

  TaUpload *upload;   /* (owned) */
  GInputStream *base; /* (owned): tells when the pipe may be read */
};

static void pollable_iface_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TaUploadStream, ta_upload_stream, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      pollable_iface_init))

static gboolean
has_kept (const TaUpload *upload)
{
  return upload->kept != NULL && upload->position < upload->kept->len;
}

static gssize
fail (const char *what, GError **error)
{
  int saved = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), "%s: %s", what,
               g_strerror (saved));
  return -1;
}

static gssize
read_file (TaUpload *upload, void *buffer, gsize count, GError **error)
{
  goffset left = upload->length - upload->position;
  gssize n = pread (upload->fd, buffer, (gsize) MIN ((goffset) count, left),
                    upload->start + upload->position);

  if (n < 0)
    return fail ("The body cannot be read", error);
  if (n == 0 && left > 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
                           "The file became shorter while it was sent");
      return -1;
    }
  upload->position += n;
  return n;
}

static gssize
read_pipe (TaUpload *upload, void *buffer, gsize count, GError **error)
{
  gssize n;

  if (has_kept (upload))
    {
      n = (gssize) MIN (count, upload->kept->len - (gsize) upload->position);
      memcpy (buffer, upload->kept->data + upload->position, (gsize) n);
      upload->position += n;
      return n;
    }
  if (upload->is_empty)
    return 0;
  n = read (upload->fd, buffer, count);
  if (n < 0)
    return fail ("The body cannot be read", error);
  upload->is_empty = n == 0;
  upload->position += n;
  if (n > 0 && upload->kept != NULL)
    {
      if (upload->kept->len + (gsize) n <= KEPT_MAX)
        g_byte_array_append (upload->kept, buffer, (guint) n);
      else
        g_clear_pointer (&upload->kept, g_byte_array_unref);
    }
  return n;
}

static gssize
ta_upload_stream_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
                       GError **error)
{
  TaUpload *upload = TA_UPLOAD_STREAM (stream)->upload;

  return upload->is_file ? read_file (upload, buffer, count, error)
                         : read_pipe (upload, buffer, count, error);
}

/* The upload may be opened once more. */
static gboolean
ta_upload_stream_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static gboolean
can_poll (GPollableInputStream *stream)
{
  return !TA_UPLOAD_STREAM (stream)->upload->is_file;
}

static gboolean
is_readable (GPollableInputStream *stream)
{
  TaUploadStream *self = TA_UPLOAD_STREAM (stream);

  return has_kept (self->upload) || self->upload->is_empty
         || g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (self->base));
}

static GSource *
create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  TaUploadStream *self = TA_UPLOAD_STREAM (stream);
  g_autoptr (GSource) child = NULL;

  child = has_kept (self->upload) || self->upload->is_empty
              ? g_timeout_source_new (0)
              : g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (self->base), NULL);
  return g_pollable_source_new_full (stream, child, cancellable);
}

static void
pollable_iface_init (GPollableInputStreamInterface *iface)
{
  iface->can_poll = can_poll;
  iface->is_readable = is_readable;
  iface->create_source = create_source;
}

static void
ta_upload_stream_init (TaUploadStream *self)
{
}

static void
ta_upload_stream_finalize (GObject *object)
{
  TaUploadStream *self = TA_UPLOAD_STREAM (object);

  g_object_unref (self->base);
  ta_upload_unref (self->upload);
  G_OBJECT_CLASS (ta_upload_stream_parent_class)->finalize (object);
}

static void
ta_upload_stream_class_init (TaUploadStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_upload_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = ta_upload_stream_read;
  G_INPUT_STREAM_CLASS (klass)->close_fn = ta_upload_stream_close;
}

/* The descriptor, or one of our own for the same pipe. Takes `fd`; -1: not possible. */
static int
open_own (int fd, gboolean is_file)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  int own;

  if (is_file)
    return fd;
  own = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  close (fd);
  return own;
}

/* A body from where `fd` stands, which is taken: the end of a pipe to read from, or a plain file.
 * Errors: G_DBUS_ERROR_INVALID_ARGS. */
TaUpload *
ta_upload_new (int fd, GError **error)
{
  TaUpload *self;
  struct stat status;
  int flags = fcntl (fd, F_GETFL);
  gboolean is_readable_fd = flags >= 0 && (flags & O_ACCMODE) != O_WRONLY && (flags & O_PATH) == 0;

  if (fstat (fd, &status) == 0 && is_readable_fd
      && (S_ISREG (status.st_mode) || S_ISFIFO (status.st_mode)))
    fd = open_own (fd, S_ISREG (status.st_mode));
  else
    {
      close (fd);
      fd = -1;
    }
  if (fd < 0)
    {
      g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                           "The body must be the reading end of a pipe or an open plain file");
      return NULL;
    }
  self = g_new0 (TaUpload, 1);
  g_ref_count_init (&self->refs);
  self->fd = fd;
  self->is_file = S_ISREG (status.st_mode);
  self->start = self->is_file ? lseek (fd, 0, SEEK_CUR) : 0;
  self->length = self->is_file ? MAX (status.st_size - self->start, 0) : -1;
  self->kept = self->is_file ? NULL : g_byte_array_new ();
  return self;
}

TaUpload *
ta_upload_ref (TaUpload *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

void
ta_upload_unref (TaUpload *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->kept, g_byte_array_unref);
  close (self->fd);
  g_free (self);
}

/* Whether it can be sent: the beginning of a pipe was read, or all of it if it is short. */
gboolean
ta_upload_is_ready (const TaUpload *self)
{
  return self->is_file || self->is_empty || self->kept->len == KEPT_MAX;
}

static gboolean
on_prepare (GPollableInputStream *stream, gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  TaUpload *self = g_task_get_task_data (task);
  guint8 buffer[4096];
  g_autoptr (GError) error = NULL;
  gsize before = self->kept->len;
  gssize n = 1;

  if (g_task_return_error_if_cancelled (task))
    return G_SOURCE_REMOVE;
  while (n > 0 && self->kept->len < KEPT_MAX)
    n = read_pipe (self, buffer, MIN (KEPT_MAX - self->kept->len, sizeof buffer), &error);
  if (ta_upload_is_ready (self))
    self->position = 0;
  if (self->is_empty)
    self->length = self->kept->len;
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (error == NULL || self->kept->len > before)
    g_task_return_boolean (task, TRUE);
  else
    return G_SOURCE_CONTINUE;
  return G_SOURCE_REMOVE;
}

/* Waits until something of the body's beginning is there, and reads it: for an upload that is not
 * ready yet, which has to stay until the callback. */
void
ta_upload_prepare_async (TaUpload *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GInputStream) base = g_unix_input_stream_new (self->fd, FALSE);
  g_autoptr (GSource) source
      = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (base), cancellable);

  g_task_set_source_tag (task, ta_upload_prepare_async);
  g_task_set_task_data (task, self, NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (on_prepare), g_object_ref (task), g_object_unref);
  g_source_attach (source, g_main_context_get_thread_default ());
}

gboolean
ta_upload_prepare_finish (TaUpload *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Bytes of the whole body; -1: unknown. */
goffset
ta_upload_get_length (const TaUpload *self)
{
  return self->length;
}

/* Back to the beginning, unless more was read than is kept; whether it is there. */
gboolean
ta_upload_rewind (TaUpload *self)
{
  if (!self->is_file && self->kept == NULL)
    return FALSE;
  self->position = 0;
  return TRUE;
}

/* To be read from where the upload stands, by one reader at a time. */
GInputStream *
ta_upload_open (TaUpload *self)
{
  TaUploadStream *stream = g_object_new (TA_TYPE_UPLOAD_STREAM, NULL);

  stream->upload = ta_upload_ref (self);
  stream->base = g_unix_input_stream_new (self->fd, FALSE);
  return G_INPUT_STREAM (stream);
}

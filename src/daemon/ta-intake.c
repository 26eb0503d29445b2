/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-intake.h"

/* A filter in front of GDBus, in a thread of its own, that keeps calls from filling the memory.
 *
 * Whatever a message brings stays until it is answered, and that may take as long as somebody
 * thinks about a question: so what is larger than it may be goes no further, nor what brings
 * descriptors that no method takes.
 *
 * GDBus reads as fast as it can, whatever the main context has still to look at. The filter reads
 * no faster than the main context works: the rest waits in the bus, which holds up its sender in
 * the end. To learn how far the main context is, it hands it a source after some messages, which is
 * run in its turn among them. */

#define PATH "/org/tidio/Auth"
#define INTERFACE "org.tidio.Auth"
#define CALL_API "CallApi"
#define OPEN_API "OpenApi"

/* More than a body of CallApi may have, which says more exactly what is wrong with a larger one.
 * Signals are for the broker only if it asked for them. */
#define SIZE_MAX_MIB 16
#define LARGE_MAX ((gsize) SIZE_MAX_MIB * 1024 * 1024)
/* Any other call; the longest that makes sense is one of OpenApi with all headers. */
#define SIZE_MAX_KIB 128
#define SMALL_MAX ((gsize) SIZE_MAX_KIB * 1024)

/* After so many messages the main context is handed a source. */
#define BATCH_COUNT 64
#define BATCH_BYTES ((gsize) 1024 * 1024)
/* A message with a descriptor counts for more: there are only so many of them. */
#define DESCRIPTOR_COUNT 16
/* With more than this before it, nothing is read. */
#define AHEAD_COUNT 1024
#define AHEAD_BYTES ((gsize) 32 * 1024 * 1024)
/* But never for longer, in case the main context ever waits for this thread. */
#define PAUSE (G_TIME_SPAN_SECOND)

typedef struct
{
  guint count;
  gsize bytes;
} Load;

typedef struct
{
  Load batch; /* since the last source */

  GMutex mutex; /* for what follows */
  GCond gone_on;
  Load ahead; /* with a source behind it that was not run yet */
} Intake;

typedef struct
{
  Intake *intake; /* (owned) */
  Load load;
} Mark;

static void
intake_clear (void *data)
{
  Intake *self = data;

  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->gone_on);
}

static void
intake_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, intake_clear);
}

static void
mark_free (gpointer data)
{
  Mark *mark = data;

  intake_unref (mark->intake);
  g_free (mark);
}

/* In the main context. */
static gboolean
on_mark (gpointer user_data)
{
  Mark *mark = user_data;
  Intake *self = mark->intake;

  g_mutex_lock (&self->mutex);
  self->ahead.count -= mark->load.count;
  self->ahead.bytes -= mark->load.bytes;
  g_cond_signal (&self->gone_on);
  g_mutex_unlock (&self->mutex);
  return G_SOURCE_REMOVE;
}

/* GDBus's own sources have this priority too. */
static void
set_mark (Intake *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Mark *mark = g_new0 (Mark, 1);

  mark->intake = g_atomic_rc_box_acquire (self);
  mark->load = self->batch;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_mark, mark, mark_free);
  g_source_attach (source, NULL);
}

/* Waits until the main context is not too far behind. */
static void
keep_pace (Intake *self, GDBusMessage *message, gsize bytes)
{
  gint64 end;

  self->batch.count += g_dbus_message_get_unix_fd_list (message) == NULL ? 1 : DESCRIPTOR_COUNT;
  self->batch.bytes += bytes;
  if (self->batch.count < BATCH_COUNT && self->batch.bytes < BATCH_BYTES)
    return;
  end = g_get_monotonic_time () + PAUSE;
  g_mutex_lock (&self->mutex);
  self->ahead.count += self->batch.count;
  self->ahead.bytes += self->batch.bytes;
  set_mark (self);
  while ((self->ahead.count > AHEAD_COUNT || self->ahead.bytes > AHEAD_BYTES)
         && g_cond_wait_until (&self->gone_on, &self->mutex, end))
    ;
  g_mutex_unlock (&self->mutex);
  self->batch = (Load){ 0 };
}

/* Whether it calls that method, where it is. */
static gboolean
is_call_of (GDBusMessage *message, const char *method)
{
  return g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_METHOD_CALL
         && g_strcmp0 (g_dbus_message_get_path (message), PATH) == 0
         && g_strcmp0 (g_dbus_message_get_interface (message), INTERFACE) == 0
         && g_strcmp0 (g_dbus_message_get_member (message), method) == 0;
}

/* The one descriptor that a method takes is the body of OpenApi. */
static gboolean
has_foreign_descriptors (GDBusMessage *message)
{
  GUnixFDList *fds = g_dbus_message_get_unix_fd_list (message);

  if (fds == NULL || g_unix_fd_list_get_length (fds) == 0)
    return FALSE;
  return g_unix_fd_list_get_length (fds) > 1 || !is_call_of (message, OPEN_API);
}

static void
refuse (GDBusConnection *bus, GDBusMessage *call, const char *message)
{
  g_autoptr (GDBusMessage) reply = NULL;

  if (g_dbus_message_get_message_type (call) != G_DBUS_MESSAGE_TYPE_METHOD_CALL
      || (g_dbus_message_get_flags (call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) != 0)
    return;
  reply = g_dbus_message_new_method_error_literal (call, "org.freedesktop.DBus.Error.InvalidArgs",
                                                   message);
  g_dbus_connection_send_message (bus, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

/* Its header can be as large as its body. */
static gsize
measure (GDBusMessage *message)
{
  g_autofree guchar *fields = g_dbus_message_get_header_fields (message);
  GVariant *body = g_dbus_message_get_body (message);
  gsize size = body == NULL ? 0 : g_variant_get_size (body);

  for (guchar *field = fields; *field != G_DBUS_MESSAGE_HEADER_FIELD_INVALID; field++)
    size += g_variant_get_size (
        g_dbus_message_get_header (message, (GDBusMessageHeaderField) *field));
  return size;
}

static gboolean
may_be_large (GDBusMessage *message)
{
  return g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL
         || is_call_of (message, CALL_API);
}

static gboolean
is_answer (GDBusMessage *message)
{
  GDBusMessageType type = g_dbus_message_get_message_type (message);

  return type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR;
}

/* In GDBus's thread. What the broker itself asked for is not looked at. */
static GDBusMessage *
filter (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer user_data)
{
  gsize size;

  if (!incoming || is_answer (message))
    return message;
  size = measure (message);
  if (size > LARGE_MAX)
    refuse (bus, message,
            "The message is larger than 16 MiB: send less, or a large body with OpenApi");
  else if (size > SMALL_MAX && !may_be_large (message))
    refuse (bus, message, "The message is larger than 128 KiB: only CallApi takes so much");
  else if (has_foreign_descriptors (message))
    refuse (bus, message, "Only OpenApi takes a file descriptor, and one alone");
  else
    {
      keep_pace (user_data, message, size);
      return message;
    }
  g_object_unref (message);
  return NULL;
}

/* To be called before anything is exported. */
void
ta_intake_limit (GDBusConnection *bus)
{
  Intake *self = g_atomic_rc_box_new0 (Intake);

  g_mutex_init (&self->mutex);
  g_cond_init (&self->gone_on);
  g_dbus_connection_add_filter (bus, filter, self, intake_unref);
}

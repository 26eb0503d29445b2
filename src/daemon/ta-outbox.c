/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-outbox.h"

#include <string.h>

/* A filter behind GDBus, which calls it in a thread of its own for each message that leaves. It
 * takes out the broadcasts of the broker's objects. As long as one of them is on its way, it takes
 * out the answers and other signals that come after it too: nobody hears the answer first and what
 * happened before it later. Calls are not held, since whoever sends the rest makes some.
 *
 * The filter also sees what is sent in the end. It knows these messages, and the last of them ends
 * the holding: not their being sent, after which other messages could still be in front of them. */

#define PATH "/org/tidio/Auth"

/* It outlives its maker: the connection keeps the filter. */
struct _TaOutbox
{
  gatomicrefcount refs;
  GDBusConnection *bus; /* (unowned) */
  TaOutboxFunc func;    /* (nullable): NULL at the end; only for the main context */
  gpointer user_data;   /* (unowned) */

  GMutex mutex;        /* for what follows */
  GPtrArray *held;     /* (owned): messages */
  GHashTable *leaving; /* (owned): messages that were sent, and that the filter has not seen */
  gboolean told;       /* the main context has some, or is about to take some */
  gboolean holding;
};

static void
outbox_unref (gpointer data)
{
  TaOutbox *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_mutex_clear (&self->mutex);
  g_ptr_array_unref (self->held);
  g_hash_table_unref (self->leaving);
  g_free (self);
}

static gboolean
on_held (gpointer user_data)
{
  TaOutbox *self = user_data;
  g_autoptr (GPtrArray) messages = NULL;

  if (self->func == NULL)
    return G_SOURCE_REMOVE;
  g_mutex_lock (&self->mutex);
  messages = self->held;
  self->held = g_ptr_array_new_with_free_func (g_object_unref);
  g_mutex_unlock (&self->mutex);
  self->func (messages, self->user_data);
  return G_SOURCE_REMOVE;
}

/* Tells the main context. With the mutex. */
static void
tell (TaOutbox *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  self->told = TRUE;
  g_atomic_ref_count_inc (&self->refs);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_held, self, outbox_unref);
  g_source_attach (source, NULL);
}

/* With the mutex. */
static void
advance (TaOutbox *self)
{
  if (self->told || g_hash_table_size (self->leaving) > 0)
    return;
  if (self->held->len > 0)
    tell (self);
  else
    self->holding = FALSE;
}

/* In GDBus's thread. */
static GDBusMessage *
filter (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer user_data)
{
  TaOutbox *self = user_data;

  if (incoming || g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;
  g_mutex_lock (&self->mutex);
  if (g_hash_table_remove (self->leaving, message))
    advance (self);
  else if (self->holding || ta_outbox_is_broadcast (message))
    {
      self->holding = TRUE;
      g_ptr_array_add (self->held, g_steal_pointer (&message));
      advance (self);
    }
  g_mutex_unlock (&self->mutex);
  return message;
}

/* To be called before anything is exported. */
TaOutbox *
ta_outbox_new (GDBusConnection *bus, TaOutboxFunc held, gpointer user_data)
{
  TaOutbox *self = g_new0 (TaOutbox, 1);

  g_atomic_ref_count_init (&self->refs);
  self->bus = bus;
  self->func = held;
  self->user_data = user_data;
  g_mutex_init (&self->mutex);
  self->held = g_ptr_array_new_with_free_func (g_object_unref);
  self->leaving = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  g_atomic_ref_count_inc (&self->refs);
  g_dbus_connection_add_filter (bus, filter, self, outbox_unref);
  return self;
}

/* Broadcasts do not leave from now on. */
void
ta_outbox_free (TaOutbox *self)
{
  self->func = NULL;
  outbox_unref (self);
}

/* Whether it is for all, and of one of the broker's objects. */
gboolean
ta_outbox_is_broadcast (GDBusMessage *message)
{
  const char *path = g_dbus_message_get_path (message);

  return g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_SIGNAL
         && g_dbus_message_get_destination (message) == NULL && g_str_has_prefix (path, PATH)
         && (path[strlen (PATH)] == '\0' || path[strlen (PATH)] == '/');
}

/* Sends one of the messages that were held, or one in its place. */
void
ta_outbox_send (TaOutbox *self, GDBusMessage *message, GDBusSendMessageFlags flags)
{
  g_mutex_lock (&self->mutex);
  g_hash_table_add (self->leaving, g_object_ref (message));
  g_mutex_unlock (&self->mutex);
  if (g_dbus_connection_send_message (self->bus, message, flags, NULL, NULL))
    return;
  g_mutex_lock (&self->mutex);
  g_hash_table_remove (self->leaving, message);
  g_mutex_unlock (&self->mutex);
}

/* All that were held are sent. */
void
ta_outbox_done (TaOutbox *self)
{
  g_mutex_lock (&self->mutex);
  self->told = FALSE;
  advance (self);
  g_mutex_unlock (&self->mutex);
}

gboolean
ta_outbox_is_empty (TaOutbox *self)
{
  gboolean holding;

  g_mutex_lock (&self->mutex);
  holding = self->holding;
  g_mutex_unlock (&self->mutex);
  return !holding;
}

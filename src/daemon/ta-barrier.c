/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-barrier.h"

#include <string.h>

/* A filter in front of GDBus, which itself answers Introspect, and refuses what does not fit an
 * object, in a thread of its own and whoever asks: hidden paths would show.
 *
 * The filter lets pass who is known. Of anybody else it holds every call whose answer could tell of
 * an object, until the main context has decided. The methods of the interface org.tidio.Auth pass:
 * each of them decides by itself.
 *
 * GDBus takes a message from nobody but the bus. For one to go on, the broker sends a signal to
 * itself, and the filter puts the message in the place of that signal. Anybody could send such a
 * signal; it only lets go on what was decided before.
 *
 * Calls of one program stay in their order: while one of them is held, so are all that follow. */

#define PATH "/org/tidio/Auth"
#define INTERFACE "org.tidio.Auth"
#define PEER "org.freedesktop.DBus.Peer"
#define TURN_INTERFACE "org.tidio.Auth.Turn"
#define TURN "Next"

/* So many names are remembered; when there are more, all are asked about again. */
#define KNOWN_MAX 1024

/* It outlives its maker: the connection keeps the filter. */
struct _TaBarrier
{
  gatomicrefcount refs;
  GDBusConnection *bus; /* (unowned) */
  TaBarrierFunc func;   /* (nullable): NULL at the end; only for the main context */
  gpointer user_data;   /* (unowned) */

  GMutex mutex;      /* for what follows */
  GHashTable *known; /* (owned): unique names */
  GHashTable *held;  /* (owned): unique name to how many of its calls are held */
  GQueue *going_on;  /* (owned): calls that are, one for each turn */
};

/* A call on its way from the filter to the main context. */
typedef struct
{
  TaBarrier *barrier; /* (owned) */
  GDBusMessage *call; /* (owned) */
} Held;

static void
barrier_unref (gpointer data)
{
  TaBarrier *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_mutex_clear (&self->mutex);
  g_hash_table_unref (self->known);
  g_hash_table_unref (self->held);
  g_queue_free_full (self->going_on, g_object_unref);
  g_free (self);
}

static gboolean
on_held (gpointer user_data)
{
  Held *held = user_data;

  if (held->barrier->func != NULL)
    held->barrier->func (held->call, held->barrier->user_data);
  return G_SOURCE_REMOVE;
}

static void
held_free (gpointer data)
{
  Held *held = data;

  barrier_unref (held->barrier);
  g_object_unref (held->call);
  g_free (held);
}

/* One more call of that program is held, or one less. With the mutex. */
static void
count (TaBarrier *self, GDBusMessage *call, int change)
{
  const char *sender = g_dbus_message_get_sender (call);
  int held = GPOINTER_TO_INT (g_hash_table_lookup (self->held, sender)) + change;

  if (held > 0)
    g_hash_table_replace (self->held, g_strdup (sender), GINT_TO_POINTER (held));
  else
    g_hash_table_remove (self->held, sender);
}

/* Takes the call. With the mutex. */
static void
hold (TaBarrier *self, GDBusMessage *call)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Held *held = g_new0 (Held, 1);

  count (self, call, 1);
  g_atomic_ref_count_inc (&self->refs);
  held->barrier = self;
  held->call = call;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_held, held, held_free);
  g_source_attach (source, NULL);
}

/* (transfer full) (nullable) */
static GDBusMessage *
take_next (TaBarrier *self)
{
  GDBusMessage *call;

  g_mutex_lock (&self->mutex);
  call = g_queue_pop_head (self->going_on);
  if (call != NULL)
    count (self, call, -1);
  g_mutex_unlock (&self->mutex);
  return call;
}

static gboolean
is_turn (GDBusMessage *message)
{
  return g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_SIGNAL
         && g_strcmp0 (g_dbus_message_get_interface (message), TURN_INTERFACE) == 0;
}

/* GDBus answers these at any path, also where nothing is. */
static gboolean
is_ping (GDBusMessage *message)
{
  const char *member = g_dbus_message_get_member (message);

  return g_strcmp0 (g_dbus_message_get_interface (message), PEER) == 0
         && (g_str_equal (member, "Ping") || g_str_equal (member, "GetMachineId"))
         && *g_dbus_message_get_signature (message) == '\0';
}

/* Whether an answer to this message could tell of an object. */
static gboolean
is_look (GDBusMessage *message)
{
  const char *path = g_dbus_message_get_path (message);

  if (g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL
      || !g_str_has_prefix (path, PATH))
    return FALSE;
  path += strlen (PATH);
  if (*path == '\0')
    return g_strcmp0 (g_dbus_message_get_interface (message), INTERFACE) != 0 && !is_ping (message);
  return *path == '/' && !is_ping (message);
}

/* In GDBus's thread. */
static GDBusMessage *
filter (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer user_data)
{
  TaBarrier *self = user_data;
  const char *sender;

  if (incoming && is_turn (message))
    {
      g_object_unref (message);
      return take_next (self);
    }
  if (!incoming || !is_look (message))
    return message;
  sender = g_dbus_message_get_sender (message);
  g_mutex_lock (&self->mutex);
  if (!g_hash_table_contains (self->known, sender) || g_hash_table_contains (self->held, sender))
    hold (self, g_steal_pointer (&message));
  g_mutex_unlock (&self->mutex);
  return message;
}

/* To be called before anything is exported. */
TaBarrier *
ta_barrier_new (GDBusConnection *bus, TaBarrierFunc held, gpointer user_data)
{
  TaBarrier *self = g_new0 (TaBarrier, 1);

  g_atomic_ref_count_init (&self->refs);
  self->bus = bus;
  self->func = held;
  self->user_data = user_data;
  g_mutex_init (&self->mutex);
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->held = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->going_on = g_queue_new ();
  g_atomic_ref_count_inc (&self->refs);
  g_dbus_connection_add_filter (bus, filter, self, barrier_unref);
  return self;
}

/* What is held now or later is not answered any more. */
void
ta_barrier_free (TaBarrier *self)
{
  self->func = NULL;
  barrier_unref (self);
}

/* From now on calls of this program, a unique name, pass. */
void
ta_barrier_know (TaBarrier *self, const char *name)
{
  g_mutex_lock (&self->mutex);
  if (g_hash_table_size (self->known) >= KNOWN_MAX)
    g_hash_table_remove_all (self->known);
  g_hash_table_add (self->known, g_strdup (name));
  g_mutex_unlock (&self->mutex);
}

/* Lets a call that was held go on to GDBus. */
void
ta_barrier_raise (TaBarrier *self, GDBusMessage *call)
{
  g_mutex_lock (&self->mutex);
  g_queue_push_tail (self->going_on, g_object_ref (call));
  g_mutex_unlock (&self->mutex);
  g_dbus_connection_emit_signal (self->bus, g_dbus_connection_get_unique_name (self->bus), PATH,
                                 TURN_INTERFACE, TURN, NULL, NULL);
}

/* Answers a call that was held. */
void
ta_barrier_answer (TaBarrier *self, GDBusMessage *call, GDBusMessage *reply)
{
  if ((g_dbus_message_get_flags (call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) == 0)
    g_dbus_connection_send_message (self->bus, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  g_mutex_lock (&self->mutex);
  count (self, call, -1);
  g_mutex_unlock (&self->mutex);
}

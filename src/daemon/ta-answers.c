/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-answers.h"

/* A filter that lets an answer to a call of the broker's pass from whom it called, and from nobody
 * else. The bus brings answers from anybody, and GDBus takes one by its serial, which is easily
 * guessed: a program could say of itself what the bus or the permission store say of programs, or
 * say yes for the user.
 *
 * For a call to a name of a service, the bus is asked who has that name as soon as an answer is
 * there, and the answer takes the place of the bus's own. GDBus calls the filter in one thread of
 * its own, whatever the main context does meanwhile; nothing here is for any other. */

#define BUS "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

/* So many answers of one program may wait at a time; what is more does not count. */
#define HELD_MAX 64

/* So many owners are remembered; when there are more, all are asked for again. */
#define OWNERS_MAX 256

typedef struct
{
  GHashTable *calls;  /* (owned): serial to destination (owned) */
  GHashTable *owners; /* (owned): "service unique-name", as the bus said */
  GHashTable *held;   /* (owned): serial of the question to the bus, to the answer (owned) */
  GHashTable *counts; /* (owned): unique name (owned) to how many of its answers are held */
} Answers;

static void
answers_free (gpointer data)
{
  Answers *self = data;

  g_hash_table_unref (self->calls);
  g_hash_table_unref (self->owners);
  g_hash_table_unref (self->held);
  g_hash_table_unref (self->counts);
  g_free (self);
}

static char *
join (const char *service, const char *owner)
{
  return g_strconcat (service, " ", owner, NULL);
}

static void
note_call (Answers *self, GDBusMessage *call)
{
  const char *destination = g_dbus_message_get_destination (call);

  if (destination != NULL
      && (g_dbus_message_get_flags (call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) == 0)
    g_hash_table_replace (self->calls, GUINT_TO_POINTER (g_dbus_message_get_serial (call)),
                          g_strdup (destination));
}

/* `service`: what was called. */
static gboolean
is_from (Answers *self, GDBusMessage *answer, const char *service)
{
  const char *sender = g_dbus_message_get_sender (answer);
  g_autofree char *pair = join (service, sender);

  return g_str_equal (service, sender) || g_hash_table_contains (self->owners, pair);
}

static guint
change_count (Answers *self, const char *name, int change)
{
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (self->counts, name)) + (guint) change;

  if (count > 0)
    g_hash_table_replace (self->counts, g_strdup (name), GUINT_TO_POINTER (count));
  else
    g_hash_table_remove (self->counts, name);
  return count;
}

/* Keeps the answer until the bus has said who has the name. Takes the answer. */
static void
hold (Answers *self, GDBusConnection *bus, GDBusMessage *answer, const char *service)
{
  g_autoptr (GDBusMessage) owned = answer;
  const char *sender = g_dbus_message_get_sender (answer);
  g_autoptr (GDBusMessage) question
      = g_dbus_message_new_method_call (BUS, BUS_PATH, BUS, "GetNameOwner");
  guint32 serial;

  g_dbus_message_set_body (question, g_variant_new ("(s)", service));
  if (change_count (self, sender, 1) <= HELD_MAX
      && g_dbus_connection_send_message (bus, question, G_DBUS_SEND_MESSAGE_FLAGS_NONE, &serial,
                                         NULL))
    g_hash_table_replace (self->held, GUINT_TO_POINTER (serial), g_steal_pointer (&owned));
  else
    change_count (self, sender, -1);
}

static void
note_owner (Answers *self, const char *service, const char *owner)
{
  if (g_hash_table_size (self->owners) >= OWNERS_MAX)
    g_hash_table_remove_all (self->owners);
  g_hash_table_add (self->owners, join (service, owner));
}

/* (transfer full) (nullable): the answer that was held, if the bus says that it is from the owner
 * of the name. */
static GDBusMessage *
release (Answers *self, GDBusMessage *answer, GDBusMessage *word)
{
  g_autoptr (GDBusMessage) owned = answer;
  const char *sender = g_dbus_message_get_sender (answer);
  gpointer serial = GUINT_TO_POINTER (g_dbus_message_get_reply_serial (answer));
  const char *service = g_hash_table_lookup (self->calls, serial);
  const char *owner = "";

  change_count (self, sender, -1);
  if (g_dbus_message_get_message_type (word) == G_DBUS_MESSAGE_TYPE_METHOD_RETURN
      && g_str_equal (g_dbus_message_get_signature (word), "s"))
    g_variant_get (g_dbus_message_get_body (word), "(&s)", &owner);
  if (service == NULL || !g_str_equal (owner, sender))
    return NULL;
  note_owner (self, service, owner);
  g_hash_table_remove (self->calls, serial);
  return g_steal_pointer (&owned);
}

/* (transfer full) (nullable): what goes on in the place of the answer, which is taken. */
static GDBusMessage *
check (Answers *self, GDBusConnection *bus, GDBusMessage *answer)
{
  g_autoptr (GDBusMessage) owned = answer;
  gpointer serial = GUINT_TO_POINTER (g_dbus_message_get_reply_serial (answer));
  const char *sender = g_dbus_message_get_sender (answer);
  const char *called = g_hash_table_lookup (self->calls, serial);
  gpointer held;

  if (called == NULL || sender == NULL)
    return NULL;
  /* The bus itself also answers for those who cannot. */
  if (g_str_equal (sender, BUS) || is_from (self, answer, called))
    {
      g_hash_table_remove (self->calls, serial);
      if (g_hash_table_steal_extended (self->held, serial, NULL, &held))
        return release (self, held, answer);
      return g_steal_pointer (&owned);
    }
  if (*called != ':' && !g_str_equal (called, BUS))
    hold (self, bus, g_steal_pointer (&owned), called);
  return NULL;
}

/* In GDBus's thread. */
static GDBusMessage *
filter (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer user_data)
{
  GDBusMessageType type = g_dbus_message_get_message_type (message);

  if (incoming && (type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR))
    return check (user_data, bus, message);
  if (!incoming && type == G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    note_call (user_data, message);
  return message;
}

/* To be called before anything is asked of anybody. */
void
ta_answers_guard (GDBusConnection *bus)
{
  Answers *self = g_new0 (Answers, 1);

  self->calls = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->owners = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->held = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
  self->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_dbus_connection_add_filter (bus, filter, self, answers_free);
}

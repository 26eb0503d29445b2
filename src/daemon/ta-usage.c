/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-usage.h"

#include "io/ta-clock.h"

#include <string.h>

/* When the broker was called last, and which programs show what it has: who reads all properties of
 * an account or a sign-in, or asks the object manager for all of them, keeps a copy up to date by
 * signals, and would see all of it vanish with the broker. The bus tells nobody which signals a
 * program waits for, so these calls say it. One property alone, or those of the service itself, are
 * not such a copy.
 *
 * A filter behind the others, which GDBus calls in a thread of its own for each message: a call
 * costs it one look at a clock. The programs are for the main context. */

#define PATH "/org/tidio/Auth"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES "org.freedesktop.DBus.Properties"

/* It outlives its maker: the connection keeps the filter. */
struct _TaUsage
{
  gatomicrefcount refs;
  GDBusConnection *bus; /* (unowned) */
  GHashTable *readers;  /* (owned) (nullable): unique name (owned) to its watch; NULL at the end */

  guint last; /* the boot clock's ms, as far as they fit; atomic */
};

/* On its way from the filter to the main context. */
typedef struct
{
  TaUsage *usage; /* (owned) */
  char *name;     /* (owned) */
} Reader;

static void
usage_unref (gpointer data)
{
  TaUsage *self = data;

  if (g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

static void
reader_free (gpointer data)
{
  Reader *reader = data;

  usage_unref (reader->usage);
  g_free (reader->name);
  g_free (reader);
}

static void
unwatch (gpointer watch)
{
  g_bus_unwatch_name (GPOINTER_TO_UINT (watch));
}

static void
on_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  TaUsage *self = user_data;

  g_hash_table_remove (self->readers, name);
}

static gboolean
on_reader (gpointer user_data)
{
  const Reader *reader = user_data;
  TaUsage *self = reader->usage;
  guint watch;

  if (self->readers == NULL || g_hash_table_contains (self->readers, reader->name))
    return G_SOURCE_REMOVE;
  watch = g_bus_watch_name_on_connection (self->bus, reader->name, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                          NULL, on_vanished, self, NULL);
  g_hash_table_insert (self->readers, g_strdup (reader->name), GUINT_TO_POINTER (watch));
  return G_SOURCE_REMOVE;
}

static gboolean
reads_objects (GDBusMessage *call)
{
  const char *interface = g_dbus_message_get_interface (call);
  const char *member = g_dbus_message_get_member (call);
  gboolean is_below = g_dbus_message_get_path (call)[strlen (PATH)] == '/';

  return is_below ? g_strcmp0 (interface, PROPERTIES) == 0 && g_str_equal (member, "GetAll")
                  : g_strcmp0 (interface, OBJECT_MANAGER) == 0;
}

static void
tell (TaUsage *self, const char *name)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Reader *reader = g_new0 (Reader, 1);

  g_atomic_ref_count_inc (&self->refs);
  reader->usage = self;
  reader->name = g_strdup (name);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_reader, reader, reader_free);
  g_source_attach (source, NULL);
}

/* In GDBus's thread. */
static GDBusMessage *
filter (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer user_data)
{
  TaUsage *self = user_data;

  if (!incoming || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;
  g_atomic_int_set (&self->last, (guint) ta_clock_boot_ms ());
  if (g_str_has_prefix (g_dbus_message_get_path (message), PATH) && reads_objects (message))
    tell (self, g_dbus_message_get_sender (message));
  return message;
}

/* To be called after all other filters were added. */
TaUsage *
ta_usage_new (GDBusConnection *bus)
{
  TaUsage *self = g_new0 (TaUsage, 1);

  g_atomic_ref_count_init (&self->refs);
  self->bus = bus;
  self->readers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unwatch);
  self->last = (guint) ta_clock_boot_ms ();
  g_atomic_ref_count_inc (&self->refs);
  g_dbus_connection_add_filter (bus, filter, self, usage_unref);
  return self;
}

void
ta_usage_free (TaUsage *self)
{
  g_clear_pointer (&self->readers, g_hash_table_unref);
  usage_unref (self);
}

/* Since the last call came; until one came, since this was made. Right for a month. */
guint
ta_usage_get_quiet_ms (TaUsage *self)
{
  return (guint) ta_clock_boot_ms () - (guint) g_atomic_int_get (&self->last);
}

/* Whether a program is on the bus that shows the broker's objects. */
gboolean
ta_usage_has_readers (TaUsage *self)
{
  return g_hash_table_size (self->readers) > 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-keyring-watch.h"

/* GNOME Keyring says PropertiesChanged when a collection is locked or unlocked. KeePassXC and
 * KWallet only say that the collection changed somehow, as they do after each write too: then it is
 * asked whether it is locked, so that no write makes anybody read everything again. */

#define BUS_NAME "org.freedesktop.secrets"
#define COLLECTION_INTERFACE "org.freedesktop.Secret.Collection"

enum
{
  LOCKED,
  COLLECTIONS,
  OWNER,
  N_SIGNALS
};

struct _TaKeyringWatch
{
  GDBusConnection *bus; /* (owned) (nullable): there may be none */
  guint signals[N_SIGNALS];
  GHashTable *locked;        /* (owned): path of a collection -> GINT_TO_POINTER (gboolean) */
  GCancellable *cancellable; /* (owned): cancelled when this is freed */
  TaKeyringWatchFunc function;
  gpointer user_data; /* (unowned) */
};

typedef struct
{
  TaKeyringWatch *watch;     /* (unowned): gone once it is cancelled */
  GCancellable *cancellable; /* (owned) */
  char *path;                /* (owned) */
} Look;

static void
look_free (Look *look)
{
  g_object_unref (look->cancellable);
  g_free (look->path);
  g_free (look);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Look, look_free)

/* FALSE: it was known. */
static gboolean
note_locked (TaKeyringWatch *self, const char *path, gboolean locked)
{
  gpointer known;

  if (g_hash_table_lookup_extended (self->locked, path, NULL, &known)
      && GPOINTER_TO_INT (known) == locked)
    return FALSE;
  g_hash_table_insert (self->locked, g_strdup (path), GINT_TO_POINTER (locked));
  return TRUE;
}

static void
on_properties_changed (GDBusConnection *bus, const char *sender, const char *path,
                       const char *interface, const char *member, GVariant *arguments,
                       gpointer user_data)
{
  TaKeyringWatch *self = user_data;
  g_autoptr (GVariant) changed = NULL;
  gboolean locked;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(sa{sv}as)")))
    return;
  changed = g_variant_get_child_value (arguments, 1);
  if (!g_variant_lookup (changed, "Locked", "b", &locked))
    return;
  note_locked (self, path, locked);
  self->function (self->user_data);
}

static void
look_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Look) look = user_data;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  g_autoptr (GVariant) value = NULL;

  if (g_cancellable_is_cancelled (look->cancellable))
    return;
  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);
  /* What cannot be told may be a change. */
  if (value == NULL || !g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN)
      || note_locked (look->watch, look->path, g_variant_get_boolean (value)))
    look->watch->function (look->watch->user_data);
}

static void
look_at (TaKeyringWatch *self, const char *sender, const char *path)
{
  Look *look = g_new0 (Look, 1);

  look->watch = self;
  look->cancellable = g_object_ref (self->cancellable);
  look->path = g_strdup (path);
  g_dbus_connection_call (self->bus, sender, path, "org.freedesktop.DBus.Properties", "Get",
                          g_variant_new ("(ss)", COLLECTION_INTERFACE, "Locked"),
                          G_VARIANT_TYPE ("(v)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
                          self->cancellable, look_cb, look);
}

static void
on_collection (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
               const char *member, GVariant *arguments, gpointer user_data)
{
  TaKeyringWatch *self = user_data;
  const char *collection;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(o)")))
    return;
  g_variant_get (arguments, "(&o)", &collection);
  if (g_str_equal (member, "CollectionChanged"))
    {
      look_at (self, sender, collection);
      return;
    }
  g_hash_table_remove (self->locked, collection);
  self->function (self->user_data);
}

static void
on_owner_changed (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
                  const char *member, GVariant *arguments, gpointer user_data)
{
  TaKeyringWatch *self = user_data;

  g_hash_table_remove_all (self->locked);
  self->function (self->user_data);
}

TaKeyringWatch *
ta_keyring_watch_new (TaKeyringWatchFunc function, gpointer user_data)
{
  TaKeyringWatch *self = g_new0 (TaKeyringWatch, 1);

  self->function = function;
  self->user_data = user_data;
  self->locked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->cancellable = g_cancellable_new ();
  self->bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  if (self->bus == NULL)
    return self;
  self->signals[LOCKED] = g_dbus_connection_signal_subscribe (
      self->bus, BUS_NAME, "org.freedesktop.DBus.Properties", "PropertiesChanged", NULL,
      COLLECTION_INTERFACE, G_DBUS_SIGNAL_FLAGS_NONE, on_properties_changed, self, NULL);
  /* All that the interface has: CollectionCreated, CollectionChanged, CollectionDeleted. */
  self->signals[COLLECTIONS] = g_dbus_connection_signal_subscribe (
      self->bus, BUS_NAME, "org.freedesktop.Secret.Service", NULL, NULL, NULL,
      G_DBUS_SIGNAL_FLAGS_NONE, on_collection, self, NULL);
  self->signals[OWNER] = g_dbus_connection_signal_subscribe (
      self->bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
      "/org/freedesktop/DBus", BUS_NAME, G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed, self, NULL);
  return self;
}

void
ta_keyring_watch_free (TaKeyringWatch *self)
{
  for (int i = 0; self->bus != NULL && i < N_SIGNALS; i++)
    g_dbus_connection_signal_unsubscribe (self->bus, self->signals[i]);
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  g_hash_table_unref (self->locked);
  g_clear_object (&self->bus);
  g_free (self);
}

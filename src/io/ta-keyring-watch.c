/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-keyring-watch.h"

struct _TaKeyringWatch
{
  GDBusConnection *bus; /* (owned) (nullable): there may be none */
  guint locked;
  guint owner;
  TaKeyringWatchFunc function;
  gpointer user_data; /* (unowned) */
};

static void
on_collection_changed (GDBusConnection *bus, const char *sender, const char *path,
                       const char *interface, const char *member, GVariant *arguments,
                       gpointer user_data)
{
  TaKeyringWatch *self = user_data;
  g_autoptr (GVariant) changed = NULL;
  gboolean locked;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(sa{sv}as)")))
    return;
  changed = g_variant_get_child_value (arguments, 1);
  if (g_variant_lookup (changed, "Locked", "b", &locked))
    self->function (self->user_data);
}

static void
on_owner_changed (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
                  const char *member, GVariant *arguments, gpointer user_data)
{
  TaKeyringWatch *self = user_data;

  self->function (self->user_data);
}

TaKeyringWatch *
ta_keyring_watch_new (TaKeyringWatchFunc function, gpointer user_data)
{
  TaKeyringWatch *self = g_new0 (TaKeyringWatch, 1);

  self->function = function;
  self->user_data = user_data;
  self->bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  if (self->bus == NULL)
    return self;
  self->locked = g_dbus_connection_signal_subscribe (
      self->bus, "org.freedesktop.secrets", "org.freedesktop.DBus.Properties", "PropertiesChanged",
      NULL, "org.freedesktop.Secret.Collection", G_DBUS_SIGNAL_FLAGS_NONE, on_collection_changed,
      self, NULL);
  self->owner = g_dbus_connection_signal_subscribe (
      self->bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
      "/org/freedesktop/DBus", "org.freedesktop.secrets", G_DBUS_SIGNAL_FLAGS_NONE,
      on_owner_changed, self, NULL);
  return self;
}

void
ta_keyring_watch_free (TaKeyringWatch *self)
{
  if (self->bus != NULL)
    {
      g_dbus_connection_signal_unsubscribe (self->bus, self->locked);
      g_dbus_connection_signal_unsubscribe (self->bus, self->owner);
    }
  g_clear_object (&self->bus);
  g_free (self);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-name.h"

#include <glib/gi18n.h>

/* The broker's name on the bus. It is never waited for and never given to another program while
 * the broker runs. Whoever waits for it gets it when the broker ends, and is told of in the log
 * then: the bus tells nobody when a program begins to wait. */

#define BUS_NAME "org.tidio.Auth"

struct _TaName
{
  GDBusConnection *bus; /* (owned) */
  TaNameFunc got;
  TaNameFunc lost;
  gpointer user_data; /* (unowned) */
  guint id;
  gboolean is_lost;
};

#define BUS "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"
#define TIMEOUT_MS 1000

static void
queue_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusConnection *bus = G_DBUS_CONNECTION (source);
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (bus, result, NULL);
  g_autoptr (GVariantIter) names = NULL;
  const char *name;

  if (reply == NULL)
    return;
  g_variant_get (reply, "(as)", &names);
  while (g_variant_iter_next (names, "&s", &name))
    if (g_strcmp0 (name, g_dbus_connection_get_unique_name (bus)) != 0)
      g_message ("%s waited for the name %s, and is taken for the broker from now on: busctl "
                 "--user status %s says what that is",
                 name, BUS_NAME, name);
}

static void
log_owner (GDBusConnection *bus)
{
  guint32 pid;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, BUS, "GetConnectionUnixProcessID", g_variant_new ("(s)", BUS_NAME),
      G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, NULL);

  if (reply == NULL)
    return;
  g_variant_get (reply, "(u)", &pid);
  g_message ("The name %s is that of process %u: systemctl --user status %u says what that is",
             BUS_NAME, pid, pid);
}

static void
on_got (GDBusConnection *bus, const char *name, gpointer user_data)
{
  TaName *self = user_data;

  self->got (self->user_data);
}

static void
on_lost (GDBusConnection *bus, const char *name, gpointer user_data)
{
  TaName *self = user_data;

  if (bus == NULL || g_dbus_connection_is_closed (bus))
    return;
  g_printerr (_ ("tidio-authd: the name %s belongs to another program\n"), name);
  log_owner (bus);
  self->is_lost = TRUE;
  self->lost (self->user_data);
}

/* Asks for the name. A bus that goes takes the name along, and is no reason to call `lost`. */
TaName *
ta_name_new (GDBusConnection *bus, TaNameFunc got, TaNameFunc lost, gpointer user_data)
{
  TaName *self = g_new0 (TaName, 1);

  self->bus = g_object_ref (bus);
  self->got = got;
  self->lost = lost;
  self->user_data = user_data;
  self->id = g_bus_own_name_on_connection (bus, BUS_NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
                                           on_got, on_lost, self, NULL);
  return self;
}

/* Gives the name back; one that was lost stays as it is, for the little time that the process has
 * left, because GLib takes it for a fault to give back what is not ours. The bus answers in the
 * order in which it is asked, so the queue is the one that was there before. */
void
ta_name_free (TaName *self)
{
  if (self->is_lost)
    return;
  if (!g_dbus_connection_is_closed (self->bus))
    g_dbus_connection_call (self->bus, BUS, "ListQueuedOwners", g_variant_new ("(s)", BUS_NAME),
                            G_VARIANT_TYPE ("(as)"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL,
                            queue_cb, NULL);
  g_bus_unown_name (self->id);
  g_object_unref (self->bus);
  g_free (self);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-caller.h"

/* A caller that leaves the bus frees what it held: its call is cancelled. The bus is asked to tell
 * only once the call really waits, so that an answer from memory costs no message. */

struct _TaCaller
{
  GDBusMethodInvocation *invocation; /* (owned) */
  GCancellable *cancellable;         /* (owned) */
  guint idle;
  guint watch;
};

static void
on_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  TaCaller *self = user_data;

  g_cancellable_cancel (self->cancellable);
}

static gboolean
on_waiting (gpointer user_data)
{
  TaCaller *self = user_data;

  self->idle = 0;
  self->watch = g_bus_watch_name_on_connection (
      g_dbus_method_invocation_get_connection (self->invocation),
      g_dbus_method_invocation_get_sender (self->invocation), G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
      on_vanished, self, NULL);
  return G_SOURCE_REMOVE;
}

/* Takes the invocation. */
TaCaller *
ta_caller_new (GDBusMethodInvocation *invocation)
{
  TaCaller *self = g_new0 (TaCaller, 1);

  self->invocation = invocation;
  self->cancellable = g_cancellable_new ();
  self->idle = g_idle_add (on_waiting, self);
  return self;
}

/* Owned by the caller. */
GCancellable *
ta_caller_get_cancellable (TaCaller *self)
{
  return self->cancellable;
}

/* Gives the invocation back, to be answered. */
GDBusMethodInvocation *
ta_caller_free (TaCaller *self)
{
  GDBusMethodInvocation *invocation = self->invocation;

  g_clear_handle_id (&self->idle, g_source_remove);
  g_clear_handle_id (&self->watch, g_bus_unwatch_name);
  g_object_unref (self->cancellable);
  g_free (self);
  return invocation;
}

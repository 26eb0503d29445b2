/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-wake.h"

#include <glib-unix.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Three sources, none of which polls: GNetworkMonitor; logind's PrepareForSleep, where there is a
 * system bus; and a timer on the wall clock that never rings but is cancelled by the kernel when
 * the clock is set, which resuming does too. */

#define NEVER (G_GINT64_CONSTANT (1) << 33) /* in the year 2242 */

struct _TaWake
{
  GObject parent_instance;

  GNetworkMonitor *network; /* (unowned): GIO's own */
  GDBusConnection *system;  /* (owned) (nullable): there may be none */
  GCancellable *connecting; /* (owned) */
  guint sleep;              /* subscription */
  int clock;                /* (owned): timer, or -1 */
  guint clock_source;
};

G_DEFINE_FINAL_TYPE (TaWake, ta_wake, G_TYPE_OBJECT)

static void
emit_woke (TaWake *self)
{
  g_signal_emit_by_name (self, "woke");
}

static void
on_network_changed (GNetworkMonitor *network, gboolean available, TaWake *self)
{
  if (available)
    emit_woke (self);
}

/* NetworkManager's monitor tells of a change by its properties alone. */
static void
on_network_notify (GNetworkMonitor *network, GParamSpec *property, TaWake *self)
{
  on_network_changed (network, g_network_monitor_get_network_available (network), self);
}

static void
on_prepare_for_sleep (GDBusConnection *bus, const char *sender, const char *path,
                      const char *interface, const char *member, GVariant *arguments,
                      gpointer user_data)
{
  gboolean is_going = TRUE;

  if (g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(b)")))
    g_variant_get (arguments, "(b)", &is_going);
  if (!is_going)
    emit_woke (user_data);
}

static void
system_bus_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, NULL);
  TaWake *self;

  /* Without a bus the wake may be gone already. */
  if (bus == NULL)
    return;
  self = TA_WAKE (user_data);
  self->system = g_steal_pointer (&bus);
  g_dbus_connection_set_exit_on_close (self->system, FALSE);
  self->sleep = g_dbus_connection_signal_subscribe (
      self->system, "org.freedesktop.login1", "org.freedesktop.login1.Manager", "PrepareForSleep",
      "/org/freedesktop/login1", NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_prepare_for_sleep, self, NULL);
}

static void
arm_clock (TaWake *self)
{
  const struct itimerspec never = { .it_value = { .tv_sec = NEVER } };

  timerfd_settime (self->clock, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

/* The read is what clears the event. */
static gboolean
on_clock_set (int fd, GIOCondition condition, gpointer user_data)
{
  TaWake *self = user_data;
  guint64 expirations;

  if (read (fd, &expirations, sizeof expirations) < 0)
    arm_clock (self);
  emit_woke (self);
  return G_SOURCE_CONTINUE;
}

static void
ta_wake_init (TaWake *self)
{
  self->network = g_network_monitor_get_default ();
  g_signal_connect (self->network, "network-changed", G_CALLBACK (on_network_changed), self);
  g_signal_connect (self->network, "notify", G_CALLBACK (on_network_notify), self);
  self->connecting = g_cancellable_new ();
  g_bus_get (G_BUS_TYPE_SYSTEM, self->connecting, system_bus_cb, self);
  self->clock = timerfd_create (CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (self->clock < 0)
    return;
  arm_clock (self);
  self->clock_source = g_unix_fd_add (self->clock, G_IO_IN, on_clock_set, self);
}

static void
ta_wake_finalize (GObject *object)
{
  TaWake *self = TA_WAKE (object);

  g_cancellable_cancel (self->connecting);
  g_object_unref (self->connecting);
  g_signal_handlers_disconnect_by_data (self->network, self);
  if (self->system != NULL)
    g_dbus_connection_signal_unsubscribe (self->system, self->sleep);
  g_clear_object (&self->system);
  g_clear_handle_id (&self->clock_source, g_source_remove);
  if (self->clock >= 0)
    close (self->clock);
  G_OBJECT_CLASS (ta_wake_parent_class)->finalize (object);
}

static void
ta_wake_class_init (TaWakeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_wake_finalize;

  g_signal_new ("woke", TA_TYPE_WAKE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

TaWake *
ta_wake_new (void)
{
  return g_object_new (TA_TYPE_WAKE, NULL);
}

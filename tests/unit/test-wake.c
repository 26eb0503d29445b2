/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-wake.h"

#include "unit.h"

#include <gio/gio.h>

/* A network as GIO sees it, which says what the cases tell it to. */

#define TYPE_NETWORK (network_get_type ())
G_DECLARE_FINAL_TYPE (Network, network, UNIT, NETWORK, GObject)

struct _Network
{
  GObject parent_instance;

  gboolean is_available;
};

static void network_initable_init (GInitableIface *iface);
static void network_monitor_init (GNetworkMonitorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (Network, network, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, network_initable_init)
                                   G_IMPLEMENT_INTERFACE (G_TYPE_NETWORK_MONITOR,
                                                          network_monitor_init))

enum
{
  PROP_NETWORK_AVAILABLE = 1,
  PROP_NETWORK_METERED,
  PROP_CONNECTIVITY,
};

static gboolean
network_initable (GInitable *initable, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
network_initable_init (GInitableIface *iface)
{
  iface->init = network_initable;
}

static void
network_monitor_init (GNetworkMonitorInterface *iface)
{
}

static void
network_get_property (GObject *object, guint id, GValue *value, GParamSpec *property)
{
  Network *self = UNIT_NETWORK (object);

  if (id == PROP_CONNECTIVITY)
    g_value_set_enum (value, G_NETWORK_CONNECTIVITY_FULL);
  else
    g_value_set_boolean (value, id == PROP_NETWORK_AVAILABLE && self->is_available);
}

static void
network_init (Network *self)
{
}

static void
network_class_init (NetworkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = network_get_property;
  g_object_class_override_property (object_class, PROP_NETWORK_AVAILABLE, "network-available");
  g_object_class_override_property (object_class, PROP_NETWORK_METERED, "network-metered");
  g_object_class_override_property (object_class, PROP_CONNECTIVITY, "connectivity");
}

/* The cases */

typedef struct
{
  const char *id;
  gboolean is_available;
  const char *property; /* (nullable): what is told; NULL: the signal alone */
  gboolean wakes;
} Row;

static const Row rows[] = {
  { "signal-online", TRUE, NULL, TRUE },
  { "signal-offline", FALSE, NULL, FALSE },
  { "property-online", TRUE, "network-available", TRUE },
  { "property-offline", FALSE, "network-available", FALSE },
  { "connectivity-online", TRUE, "connectivity", TRUE },
  { "connectivity-offline", FALSE, "connectivity", FALSE },
};

static void
on_woke (TaWake *wake, guint *count)
{
  (*count)++;
}

static void
check_row (gconstpointer data)
{
  const Row *row = data;
  GNetworkMonitor *network = g_network_monitor_get_default ();
  g_autoptr (TaWake) wake = ta_wake_new ();
  guint count = 0;

  g_signal_connect (wake, "woke", G_CALLBACK (on_woke), &count);
  UNIT_NETWORK (network)->is_available = row->is_available;
  if (row->property == NULL)
    g_signal_emit_by_name (network, "network-changed", row->is_available);
  else
    g_object_notify (G_OBJECT (network), row->property);
  g_assert_cmpuint (count, ==, row->wakes ? 1 : 0);
}

static void
check_freed (void)
{
  GNetworkMonitor *network = g_network_monitor_get_default ();
  TaWake *wake = ta_wake_new ();

  g_object_add_weak_pointer (G_OBJECT (wake), (gpointer *) &wake);
  g_object_unref (wake);
  g_assert_null (wake);
  UNIT_NETWORK (network)->is_available = TRUE;
  g_signal_emit_by_name (network, "network-changed", TRUE);
  g_object_notify (G_OBJECT (network), "network-available");
}

int
main (int argc, char **argv)
{
  g_setenv ("GIO_USE_NETWORK_MONITOR", "unit", TRUE);
  g_io_extension_point_register (G_NETWORK_MONITOR_EXTENSION_POINT_NAME);
  g_io_extension_point_implement (G_NETWORK_MONITOR_EXTENSION_POINT_NAME, TYPE_NETWORK, "unit", 0);
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/wake/UN-WK-01-network", rows, check_row);
  g_test_add_func ("/wake/UN-WK-02-freed", check_freed);
  return g_test_run ();
}

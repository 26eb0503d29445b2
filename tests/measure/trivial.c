/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>

/* The least that a service of this kind can do: a GDBus method that returns 1 KB which it has. What
 * the broker takes longer than this is what it does itself; less is not to be had with GDBus. */

#define NAME "org.tidio.Trivial"

static const char XML[] = "<node><interface name='" NAME "'>"
                          "<method name='GetToken'><arg type='s' direction='in'/>"
                          "<arg type='s' direction='out'/></method>"
                          "</interface></node>";

static void
answer (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
        const char *method, GVariant *arguments, GDBusMethodInvocation *invocation, gpointer text)
{
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", text));
}

static void
on_bus (GDBusConnection *bus, const char *name, gpointer text)
{
  static const GDBusInterfaceVTable vtable = { .method_call = answer };
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (XML, NULL);

  g_dbus_connection_register_object (bus, "/org/tidio/Trivial", info->interfaces[0], &vtable, text,
                                     NULL, NULL);
}

static void
on_name_lost (GDBusConnection *bus, const char *name, gpointer loop)
{
  g_printerr ("The name " NAME " is not to be had\n");
  exit (1);
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autofree char *text = g_strnfill (1024, 'a');

  g_bus_own_name (G_BUS_TYPE_SESSION, NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, on_bus, NULL,
                  on_name_lost, text, NULL);
  g_main_loop_run (loop);
  return 0;
}

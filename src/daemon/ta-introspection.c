/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-introspection.h"

/* What Introspect answers of a node, in the words of the D-Bus specification. */

static const char head[]
    = "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
      "  \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
      "<node>\n";

/* What the object has besides, for itself and for those below it. */
static const char standard[]
    = "  <interface name=\"org.freedesktop.DBus.Properties\">\n"
      "    <method name=\"Get\">\n"
      "      <arg type=\"s\" name=\"interface_name\" direction=\"in\"/>\n"
      "      <arg type=\"s\" name=\"property_name\" direction=\"in\"/>\n"
      "      <arg type=\"v\" name=\"value\" direction=\"out\"/>\n"
      "    </method>\n"
      "    <method name=\"GetAll\">\n"
      "      <arg type=\"s\" name=\"interface_name\" direction=\"in\"/>\n"
      "      <arg type=\"a{sv}\" name=\"properties\" direction=\"out\"/>\n"
      "    </method>\n"
      "    <method name=\"Set\">\n"
      "      <arg type=\"s\" name=\"interface_name\" direction=\"in\"/>\n"
      "      <arg type=\"s\" name=\"property_name\" direction=\"in\"/>\n"
      "      <arg type=\"v\" name=\"value\" direction=\"in\"/>\n"
      "    </method>\n"
      "  </interface>\n"
      "  <interface name=\"org.freedesktop.DBus.Introspectable\">\n"
      "    <method name=\"Introspect\">\n"
      "      <arg type=\"s\" name=\"xml_data\" direction=\"out\"/>\n"
      "    </method>\n"
      "  </interface>\n"
      "  <interface name=\"org.freedesktop.DBus.Peer\">\n"
      "    <method name=\"Ping\"/>\n"
      "    <method name=\"GetMachineId\">\n"
      "      <arg type=\"s\" name=\"machine_uuid\" direction=\"out\"/>\n"
      "    </method>\n"
      "  </interface>\n"
      "  <interface name=\"org.freedesktop.DBus.ObjectManager\">\n"
      "    <method name=\"GetManagedObjects\">\n"
      "      <arg type=\"a{oa{sa{sv}}}\" name=\"objects\" direction=\"out\"/>\n"
      "    </method>\n"
      "    <signal name=\"InterfacesAdded\">\n"
      "      <arg type=\"o\" name=\"object\"/>\n"
      "      <arg type=\"a{sa{sv}}\" name=\"interfaces\"/>\n"
      "    </signal>\n"
      "    <signal name=\"InterfacesRemoved\">\n"
      "      <arg type=\"o\" name=\"object\"/>\n"
      "      <arg type=\"as\" name=\"interfaces\"/>\n"
      "    </signal>\n"
      "  </interface>\n";

/* `interface`: (nullable): of the object that is there; NULL: none, as is answered of any path. */
char *
ta_introspection_new (const GDBusInterfaceInfo *interface, const char *const *children)
{
  GString *text = g_string_new (head);

  if (interface != NULL)
    {
      g_string_append (text, standard);
      g_dbus_interface_info_generate_xml ((GDBusInterfaceInfo *) interface, 2, text);
    }
  for (; *children != NULL; children++)
    g_string_append_printf (text, "  <node name=\"%s\"/>\n", *children);
  g_string_append (text, "</node>\n");
  return g_string_free (text, FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-owner.h"

#include "base/ta-error.h"
#include "ta-cli.h"

#include <glib/gi18n.h>
#include <unistd.h>

/* Who has the broker's name? Any program of the user can take it before the broker does. Where the
 * user's service manager knows the broker, it also knows which process that is; elsewhere there is
 * only the user to look at. This keeps requests from a program that is in the way, not from one
 * that is out for them and can edit the user's units as well. */

#define UNIT "tidio-auth.service"
#define MANAGER "org.freedesktop.systemd1"

/* To the bus and to the manager; starting the broker takes up to 25 seconds. */
#define TIMEOUT_MS (30 * 1000)

static GVariant *
call (GDBusConnection *bus, const char *name, const char *path, const char *interface,
      const char *method, GVariant *arguments, const char *reply_type, GError **error)
{
  return g_dbus_connection_call_sync (bus, name, path, interface, method, arguments,
                                      G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NO_AUTO_START,
                                      TIMEOUT_MS, NULL, error);
}

static GVariant *
ask_bus (GDBusConnection *bus, const char *method, GVariant *arguments, const char *reply_type,
         GError **error)
{
  return call (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
               arguments, reply_type, error);
}

/* Its credentials, once there is an owner: the broker is started if need be. */
static GVariant *
find_owner (GDBusConnection *bus, const char *name, GError **error)
{
  g_autoptr (GVariant) started = NULL;
  g_autoptr (GError) local = NULL;
  GVariant *reply
      = ask_bus (bus, "GetConnectionCredentials", g_variant_new ("(s)", name), "(a{sv})", &local);

  if (reply != NULL)
    return reply;
  if (!g_error_matches (local, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  started = ask_bus (bus, "StartServiceByName", g_variant_new ("(su)", name, 0), "(u)", error);
  if (started == NULL)
    return NULL;
  return ask_bus (bus, "GetConnectionCredentials", g_variant_new ("(s)", name), "(a{sv})", error);
}

/* (nullable): a property of the broker's unit. */
static GVariant *
get_of_unit (GDBusConnection *bus, const char *unit, const char *interface, const char *property)
{
  GVariant *value = NULL;
  g_autoptr (GVariant) reply = call (bus, MANAGER, unit, "org.freedesktop.DBus.Properties", "Get",
                                     g_variant_new ("(ss)", interface, property), "(v)", NULL);

  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);
  return value;
}

/* Whether the user's service manager says that the broker is another process than `pid`. */
static gboolean
is_contradicted (GDBusConnection *bus, guint32 pid)
{
  g_autoptr (GVariant) reply = call (bus, MANAGER, "/org/freedesktop/systemd1", MANAGER ".Manager",
                                     "LoadUnit", g_variant_new ("(s)", UNIT), "(o)", NULL);
  g_autoptr (GVariant) state = NULL;
  g_autoptr (GVariant) main_pid = NULL;
  const char *unit;

  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(&o)", &unit);
  state = get_of_unit (bus, unit, MANAGER ".Unit", "LoadState");
  if (state == NULL || !g_variant_is_of_type (state, G_VARIANT_TYPE_STRING)
      || !g_str_equal (g_variant_get_string (state, NULL), "loaded"))
    return FALSE;
  main_pid = get_of_unit (bus, unit, MANAGER ".Service", "MainPID");
  return main_pid != NULL && g_variant_is_of_type (main_pid, G_VARIANT_TYPE_UINT32)
         && g_variant_get_uint32 (main_pid) != pid;
}

static void
warn_of_queue (GDBusConnection *bus, const char *name)
{
  g_autoptr (GVariant) reply
      = ask_bus (bus, "ListQueuedOwners", g_variant_new ("(s)", name), "(as)", NULL);
  g_autoptr (GVariant) names = reply == NULL ? NULL : g_variant_get_child_value (reply, 0);

  if (names != NULL && g_variant_n_children (names) > 1)
    ta_cli_warn (_ ("Another program waits for the broker's name, and gets it when the broker "
                    "ends: see busctl --user"));
}

/* `name` is the broker's; it is started if nobody has it.
 * Errors: TA_ERROR_NOT_AUTHORIZED: somebody else has it; those of the bus: it cannot be started. */
gboolean
ta_owner_check (GDBusConnection *bus, const char *name, GError **error)
{
  g_autoptr (GVariant) reply = find_owner (bus, name, error);
  g_autoptr (GVariant) credentials = NULL;
  guint32 uid;
  guint32 pid;

  if (reply == NULL)
    return FALSE;
  credentials = g_variant_get_child_value (reply, 0);
  if (!g_variant_lookup (credentials, "UnixUserID", "u", &uid) || uid != geteuid ())
    {
      g_set_error (error, TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                   _ ("The name %s belongs to another user's program, which was sent nothing"),
                   name);
      return FALSE;
    }
  if (g_variant_lookup (credentials, "ProcessID", "u", &pid) && is_contradicted (bus, pid))
    {
      g_set_error (error, TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                   _ ("The name %s belongs to process %u, which is not that of %s and was sent "
                      "nothing: end it; for a broker started by hand, mask that unit"),
                   name, pid, UNIT);
      return FALSE;
    }
  warn_of_queue (bus, name);
  return TRUE;
}

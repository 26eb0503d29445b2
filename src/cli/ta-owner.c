/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-owner.h"

#include "base/ta-error.h"
#include "ta-cli.h"

#include <glib/gi18n.h>
#include <unistd.h>

/* Who has the broker's name? Any program of the user can take it before the broker does. Where the
 * user's service manager knows the broker, it also knows which process that is; elsewhere there is
 * only the user to look at. This keeps requests from a program that is in the way, not from one
 * that is out for them and can edit the user's units as well.
 *
 * Bus and manager are asked all at once, so that a command waits for one round trip before its own
 * call; who has the name is sent nothing before all of it is answered. */

#define UNIT "tidio-auth.service"
#define MANAGER "org.freedesktop.systemd1"

/* Where the manager has that unit, which it loads when it is asked here. */
#define UNIT_PATH "/org/freedesktop/systemd1/unit/tidio_2dauth_2eservice"

/* To the bus and to the manager; starting the broker takes up to 25 seconds. */
#define TIMEOUT_MS (30 * 1000)

typedef struct
{
  GVariant *reply; /* (owned) (nullable): until it is there, and if there is none */
  GError *error;   /* (owned) (nullable): why there is none */
  guint *n_open;   /* (unowned): answers that are not there yet, this one among them */
} Answer;

typedef struct
{
  Answer credentials;
  Answer queue;
  Answer load_state;
  Answer main_pid;
  guint n_open;
} Look;

static void
clear_answer (Answer *answer)
{
  g_clear_pointer (&answer->reply, g_variant_unref);
  g_clear_error (&answer->error);
}

static void
clear_look (Look *look)
{
  clear_answer (&look->credentials);
  clear_answer (&look->queue);
  clear_answer (&look->load_state);
  clear_answer (&look->main_pid);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Look, clear_look)

static void
answer_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  answer->reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &answer->error);
  (*answer->n_open)--;
}

static void
ask (Look *look, Answer *answer, GDBusConnection *bus, const char *name, const char *path,
     const char *interface, const char *method, GVariant *arguments, const char *reply_type)
{
  answer->n_open = &look->n_open;
  look->n_open++;
  g_dbus_connection_call (bus, name, path, interface, method, arguments,
                          G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NO_AUTO_START, TIMEOUT_MS,
                          NULL, answer_cb, answer);
}

static void
ask_bus (Look *look, Answer *answer, GDBusConnection *bus, const char *method, const char *name,
         const char *reply_type)
{
  ask (look, answer, bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
       method, g_variant_new ("(s)", name), reply_type);
}

static void
ask_manager (Look *look, Answer *answer, GDBusConnection *bus, const char *interface,
             const char *property)
{
  ask (look, answer, bus, MANAGER, UNIT_PATH, "org.freedesktop.DBus.Properties", "Get",
       g_variant_new ("(ss)", interface, property), "(v)");
}

/* Asks everything, and returns when everything is answered. Nothing else of this process goes on
 * meanwhile. */
static void
look_at (Look *look, GDBusConnection *bus, const char *name)
{
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  ask_bus (look, &look->credentials, bus, "GetConnectionCredentials", name, "(a{sv})");
  ask_bus (look, &look->queue, bus, "ListQueuedOwners", name, "(as)");
  ask_manager (look, &look->load_state, bus, MANAGER ".Unit", "LoadState");
  ask_manager (look, &look->main_pid, bus, MANAGER ".Service", "MainPID");
  while (look->n_open > 0)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
}

/* The same once there is an owner: the broker is started if need be. */
static gboolean
find_owner (Look *look, GDBusConnection *bus, const char *name, GError **error)
{
  g_autoptr (GVariant) started = NULL;

  look_at (look, bus, name);
  if (g_error_matches (look->credentials.error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    {
      clear_look (look);
      started = g_dbus_connection_call_sync (
          bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
          "StartServiceByName", g_variant_new ("(su)", name, 0), G_VARIANT_TYPE ("(u)"),
          G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, error);
      if (started == NULL)
        return FALSE;
      look_at (look, bus, name);
    }
  if (look->credentials.error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&look->credentials.error));
  return FALSE;
}

/* (transfer full) (nullable): of the broker's unit. */
static GVariant *
take_property (const Answer *answer, const GVariantType *type)
{
  g_autoptr (GVariant) value = NULL;

  if (answer->reply != NULL)
    g_variant_get (answer->reply, "(v)", &value);
  return value != NULL && g_variant_is_of_type (value, type) ? g_steal_pointer (&value) : NULL;
}

/* Whether the user's service manager says that the broker is another process than `pid`. */
static gboolean
is_contradicted (const Look *look, guint32 pid)
{
  g_autoptr (GVariant) state = take_property (&look->load_state, G_VARIANT_TYPE_STRING);
  g_autoptr (GVariant) main_pid = take_property (&look->main_pid, G_VARIANT_TYPE_UINT32);

  return state != NULL && g_str_equal (g_variant_get_string (state, NULL), "loaded")
         && main_pid != NULL && g_variant_get_uint32 (main_pid) != pid;
}

static void
warn_of_queue (const Look *look)
{
  g_autoptr (GVariant) names
      = look->queue.reply == NULL ? NULL : g_variant_get_child_value (look->queue.reply, 0);

  if (names != NULL && g_variant_n_children (names) > 1)
    ta_cli_warn (_ ("Another program waits for the broker's name, and gets it when the broker "
                    "ends: see busctl --user"));
}

/* `name` is the broker's; it is started if nobody has it.
 * Errors: TA_ERROR_NOT_AUTHORIZED: somebody else has it; those of the bus: it cannot be started. */
gboolean
ta_owner_check (GDBusConnection *bus, const char *name, GError **error)
{
  g_auto (Look) look = { 0 };
  g_autoptr (GVariant) credentials = NULL;
  guint32 uid;
  guint32 pid;

  if (!find_owner (&look, bus, name, error))
    return FALSE;
  credentials = g_variant_get_child_value (look.credentials.reply, 0);
  if (!g_variant_lookup (credentials, "UnixUserID", "u", &uid) || uid != geteuid ())
    {
      g_set_error (error, TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                   _ ("The name %s belongs to another user's program, which was sent nothing"),
                   name);
      return FALSE;
    }
  if (g_variant_lookup (credentials, "ProcessID", "u", &pid) && is_contradicted (&look, pid))
    {
      g_set_error (error, TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                   _ ("The name %s belongs to process %u, which is not that of %s and was sent "
                      "nothing: end it; for a broker started by hand, mask that unit"),
                   name, pid, UNIT);
      return FALSE;
    }
  warn_of_queue (&look);
  return TRUE;
}

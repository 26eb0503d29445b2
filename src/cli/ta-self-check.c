/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-self-check.h"

#include "base/ta-error.h"
#include "config.h"
#include "ta-bus.h"
#include "ta-cli.h"
#include "ta-owner.h"

#include <glib/gi18n.h>

/* What is checked, in this order: what only a client sees (the bus, a display, who is the broker,
 * whether the bus can start it), then what the broker says of itself. An early failure leaves out
 * what cannot be known without it. */

/* The broker needs 15 seconds at most to look; whether it answers at all is known sooner. */
#define TIMEOUT_MS (20 * 1000)
#define SIGN_OF_LIFE_MS (10 * 1000)

static void
check_free (TaSelfCheck *check)
{
  g_free (check->id);
  g_free (check->result);
  g_free (check->sentence);
  g_free (check);
}

/* Most of it is what the broker, or the bus, says. */
static void
add (GPtrArray *checks, const char *id, const char *result, const char *sentence)
{
  TaSelfCheck *check = g_new0 (TaSelfCheck, 1);

  check->id = ta_cli_make_printable (id);
  check->result = ta_cli_make_printable (result);
  check->sentence = ta_cli_make_printable (sentence);
  g_ptr_array_add (checks, check);
}

static void
add_error (GPtrArray *checks, const char *id, const GError *error)
{
  g_autofree char *sentence = ta_cli_describe (error);

  add (checks, id, "error", sentence);
}

static void
check_display (GPtrArray *checks)
{
  if (ta_cli_has_display ())
    add (checks, "display", "ok", _ ("There is a display that a browser can open on"));
  else
    add (checks, "display", "warning",
         _ ("There is no display here (DISPLAY, WAYLAND_DISPLAY, BROWSER): tidio-auth sign-in "
            "prints the "
            "address instead of opening a browser"));
}

static void
check_activation (GPtrArray *checks, GDBusConnection *bus)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "ListActivatableNames", NULL, G_VARIANT_TYPE ("(as)"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS,
      NULL, NULL);
  g_autofree const char **names = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(^a&s)", &names);
  if (names != NULL && g_strv_contains (names, TA_BUS_NAME))
    add (checks, "activation", "ok", _ ("The session bus can start the broker"));
  else
    add (checks, "activation", "warning",
         _ ("The session bus does not know how to start the broker: install Tidio Auth where "
            "XDG_DATA_DIRS points to, then log out and in again"));
}

/* A broker that still runs after an update is the old one. */
static void
check_version (GPtrArray *checks, const char *broker)
{
  g_autofree char *sentence = NULL;

  if (g_str_has_prefix (broker, "tidio-authd " TA_VERSION " "))
    {
      add (checks, "client-version", "ok", "tidio-auth " TA_VERSION);
      return;
    }
  sentence = g_strdup_printf (_ ("The broker is not of version %s, as tidio-auth is: end it, for "
                                 "example with systemctl --user stop tidio-auth.service, and it is "
                                 "started anew"),
                              TA_VERSION);
  add (checks, "client-version", "warning", sentence);
}

static GVariant *
call_broker (GDBusConnection *bus, const char *interface, const char *method,
             const char *reply_type, int timeout_ms, GError **error)
{
  return g_dbus_connection_call_sync (bus, TA_BUS_NAME, TA_BUS_PATH, interface, method, NULL,
                                      G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NONE,
                                      timeout_ms, NULL, error);
}

static void
ask_broker (GPtrArray *checks, GDBusConnection *bus)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariantIter) rows = NULL;
  const char *id, *result, *sentence;
  g_autoptr (GVariant) alive
      = call_broker (bus, "org.freedesktop.DBus.Peer", "Ping", "()", SIGN_OF_LIFE_MS, &error);
  g_autoptr (GVariant) reply
      = alive == NULL ? NULL
                      : call_broker (bus, TA_BUS_NAME, "Diagnose", "(a(sss))", TIMEOUT_MS, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    add (checks, "broker", "error",
         _ ("The broker runs but does not answer: end it, for example with systemctl --user stop "
            "tidio-auth.service, and it is started anew"));
  else if (reply == NULL)
    add_error (checks, "broker", error);
  if (reply == NULL)
    return;
  add (checks, "broker", "ok", _ ("The broker answers"));
  g_variant_get (reply, "(a(sss))", &rows);
  while (g_variant_iter_loop (rows, "(&s&s&s)", &id, &result, &sentence))
    {
      if (g_str_equal (id, "version"))
        check_version (checks, sentence);
      add (checks, id, result, sentence);
    }
}

/* (transfer full) (element-type TaSelfCheck) */
GPtrArray *
ta_self_check_run (void)
{
  GPtrArray *checks = g_ptr_array_new_with_free_func ((GDestroyNotify) check_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = ta_bus_open (&error);

  if (bus == NULL)
    add_error (checks, "session-bus", error);
  else
    add (checks, "session-bus", "ok", _ ("There is a session bus"));
  check_display (checks);
  if (bus == NULL)
    return checks;
  check_activation (checks, bus);
  if (ta_owner_check (bus, TA_BUS_NAME, &error))
    ask_broker (checks, bus);
  else
    add_error (checks, "broker", error);
  return checks;
}

guint
ta_self_check_count (GPtrArray *checks, const char *result)
{
  guint count = 0;

  for (guint i = 0; i < checks->len; i++)
    if (g_str_equal (((TaSelfCheck *) checks->pdata[i])->result, result))
      count++;
  return count;
}

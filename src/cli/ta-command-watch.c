/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-error.h"
#include "ta-bus.h"
#include "ta-cli.h"
#include "ta-event.h"
#include "ta-options.h"
#include "ta-owner.h"
#include "ta-signals.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

/* Prints what happens in the broker until Ctrl-C. The broker is not started: its name is
 * watched, and whenever it comes, it is asked for the activity, which it tells of from then on. All
 * else it tells anyway: the properties of accounts and sign-ins. */

#define CALL_TIMEOUT_MS (30 * 1000)

typedef struct
{
  GDBusConnection *bus; /* (owned) */
  GMainLoop *loop;      /* (owned) */
  gboolean json;
  TaSignals *signals;        /* (owned) */
  GCancellable *cancellable; /* (owned): ends with this struct, for calls that outlive it */
  char *owner;               /* (owned) (nullable): the broker's unique name */
  gboolean is_following;     /* it tells of the activity */
  GError *error;             /* (owned) (nullable): why this ends */
} Watch;

static void
clear_watch (Watch *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->bus);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->signals, ta_signals_free);
  g_clear_pointer (&self->owner, g_free);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Watch, clear_watch)

/* Takes `error`; only the first one counts. */
static void
fail (Watch *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
  g_main_loop_quit (self->loop);
}

/* Takes `error` (nullable): NULL is none. */
static void
note_failure (Watch *self, GError *error)
{
  if (error != NULL)
    fail (self, error);
}

static void
on_signal (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
           const char *signal, GVariant *arguments, gpointer user_data)
{
  Watch *self = user_data;
  GError *error = NULL;

  if (!self->is_following || g_strcmp0 (sender, self->owner) != 0)
    return;
  ta_signals_print (self->signals, path, interface, signal, arguments, &error);
  note_failure (self, error);
}

/* Whether it says that the broker or the bus has left meanwhile, which is told otherwise. */
static gboolean
is_gone (const GError *error)
{
  return ta_cli_is_given_up (error) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
}

/* Only from here on nothing is missed, so this is when the broker counts as running. */
static void
follow_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Watch *self = user_data;
  GError *error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL && is_gone (error))
    {
      g_error_free (error);
      return;
    }
  if (reply != NULL)
    {
      self->is_following = TRUE;
      ta_event_print_broker (self->json, TRUE, &error);
    }
  note_failure (self, error);
}

static void
on_appeared (GDBusConnection *bus, const char *name, const char *owner, gpointer user_data)
{
  Watch *self = user_data;
  GError *error = NULL;

  if (!ta_owner_check (bus, owner, &error))
    {
      if (is_gone (error))
        g_error_free (error);
      else
        fail (self, error);
      return;
    }
  g_free (self->owner);
  self->owner = g_strdup (owner);
  g_dbus_connection_call (bus, owner, TA_BUS_PATH, TA_BUS_NAME, "GetActivity",
                          g_variant_new ("(u)", 0), G_VARIANT_TYPE ("(aa{sv})"),
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_TIMEOUT_MS, self->cancellable,
                          follow_cb, self);
}

static void
on_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  Watch *self = user_data;
  GError *error = NULL;

  g_clear_pointer (&self->owner, g_free);
  self->is_following = FALSE;
  ta_signals_forget (self->signals);
  ta_event_print_broker (self->json, FALSE, &error);
  note_failure (self, error);
}

static gboolean
on_interrupt (gpointer user_data)
{
  Watch *self = user_data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static void
on_closed (GDBusConnection *bus, gboolean vanished, GError *error, Watch *self)
{
  fail (self, g_error_new_literal (TA_ERROR, TA_ERROR_FAILED,
                                   _ ("The session bus ended: start this again in a new session")));
}

static void
run_loop (Watch *self)
{
  guint interrupt = g_unix_signal_add (SIGINT, on_interrupt, self);
  guint terminate = g_unix_signal_add (SIGTERM, on_interrupt, self);
  guint signals
      = g_dbus_connection_signal_subscribe (self->bus, TA_BUS_NAME, NULL, NULL, NULL, NULL,
                                            G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
  guint name = g_bus_watch_name_on_connection (
      self->bus, TA_BUS_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared, on_vanished, self, NULL);

  g_signal_connect (self->bus, "closed", G_CALLBACK (on_closed), self);
  g_main_loop_run (self->loop);
  g_signal_handlers_disconnect_by_data (self->bus, self);
  g_bus_unwatch_name (name);
  g_dbus_connection_signal_unsubscribe (self->bus, signals);
  g_source_remove (terminate);
  g_source_remove (interrupt);
}

gboolean
ta_command_watch (int argc, char **argv, GError **error)
{
  g_auto (GStrv) arguments = NULL;
  g_auto (Watch) self = { 0 };
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &self.json, N_ ("Print one JSON object per line"), NULL },
    { G_OPTION_REMAINING, 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING_ARRAY, &arguments, NULL,
      NULL },
    { NULL },
  };

  if (!ta_options_parse (_ ("Prints what happens, until Ctrl-C: that the broker comes and goes,\n"
                            "changes of accounts, sign-ins, and which programs ask for what.\n\n"
                            "Example: tidio-auth watch --json"),
                         entries, argc, argv, error))
    return FALSE;
  if (!ta_options_check_none (arguments, error))
    return FALSE;
  self.bus = ta_bus_open (error);
  if (self.bus == NULL)
    return FALSE;
  self.loop = g_main_loop_new (NULL, FALSE);
  self.cancellable = g_cancellable_new ();
  self.signals = ta_signals_new (self.json);
  run_loop (&self);
  if (self.error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self.error));
  return FALSE;
}

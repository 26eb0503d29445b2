/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "base/ta-error.h"
#include "broker/ta-ending.h"
#include "broker/ta-ledger.h"
#include "broker/ta-reminder.h"
#include "daemon/ta-answers.h"
#include "daemon/ta-idle.h"
#include "daemon/ta-intake.h"
#include "daemon/ta-name.h"
#include "daemon/ta-service.h"
#include "io/ta-clock.h"
#include "io/ta-notification.h"
#include "io/ta-process.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdlib.h>

/* tidio-authd: the broker's life. Environment -> bus -> stored accounts -> name -> calls -> end. */

#define EXIT_NAME_TAKEN 3

/* The name is not taken before the accounts are known, so that nobody sees too few; but a keyring
 * that hangs must not make activation fail. */
#define LOAD_TIMEOUT 5

/* A refresh or a write that runs may end first. */
#define SETTLE_TIMEOUT_MS 4000
#define SETTLE_STEP_MS 20

typedef struct
{
  GDBusConnection *bus; /* (unowned) */
  GMainLoop *loop;      /* (owned) */
  TaAccounts *accounts; /* (owned) */
  TaSignIns *sign_ins;  /* (owned) */
  TaLedger *ledger;     /* (owned) */
  TaService *service;   /* (owned) (nullable) */
  TaReminder *reminder; /* (owned) (nullable): until the end begins */
  TaName *name;         /* (owned) (nullable): while the broker may be called */
  TaIdle *idle;         /* (owned): until the end begins */
  gboolean is_leaving;  /* because nobody needs it */
  guint load_timer;
  gint64 ends_at; /* on the boot clock, ms, at the latest; 0: not ending yet */
  gboolean is_flushing;
  gboolean is_flushed; /* all answers are out */
  int status;
} Daemon;

static void
flush_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Daemon *daemon = user_data;

  daemon->is_flushed = TRUE;
}

/* The name is given back once nothing is left that another broker would have to know: whoever calls
 * from then on starts one. */
static gboolean
is_kept (Daemon *daemon)
{
  gboolean is_done = ta_ending_is_done (daemon->accounts, daemon->sign_ins);

  if (is_done)
    g_clear_pointer (&daemon->name, ta_name_free);
  return is_done;
}

static gboolean
on_settle (gpointer user_data)
{
  Daemon *daemon = user_data;
  gboolean is_done = is_kept (daemon) && ta_service_is_settled (daemon->service);

  if (is_done && !daemon->is_flushing)
    {
      daemon->is_flushing = TRUE;
      g_dbus_connection_flush (daemon->bus, NULL, flush_cb, daemon);
    }
  if (ta_clock_boot_ms () < daemon->ends_at && !(is_done && daemon->is_flushed))
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (daemon->loop);
  return G_SOURCE_REMOVE;
}

static void
end (Daemon *daemon, int status)
{
  if (daemon->ends_at != 0)
    return;
  daemon->status = status;
  daemon->ends_at = ta_clock_boot_ms () + SETTLE_TIMEOUT_MS;
  g_clear_pointer (&daemon->idle, ta_idle_free);
  g_clear_object (&daemon->reminder);
  ta_service_close (daemon->service);
  ta_ending_begin (daemon->accounts, daemon->sign_ins);
  is_kept (daemon);
  g_timeout_add (SETTLE_STEP_MS, on_settle, daemon);
}

static void
on_drained (gpointer user_data)
{
  end (user_data, EXIT_SUCCESS);
}

static void
on_idle (gpointer user_data)
{
  Daemon *daemon = user_data;

  daemon->is_leaving = TRUE;
  g_clear_pointer (&daemon->name, ta_name_free);
  ta_idle_drain (daemon->idle, on_drained, daemon);
}

/* The service manager sends a signal when it sees the name go, too: those who called before
 * are not to suffer. */
static gboolean
on_signal (gpointer user_data)
{
  Daemon *daemon = user_data;

  if (!daemon->is_leaving)
    end (daemon, EXIT_SUCCESS);
  return G_SOURCE_CONTINUE;
}

/* The keyring went with the bus: there is nothing left to wait for. A refresh that runs left its
 * intent there. */
static void
on_bus_closed (GDBusConnection *bus, gboolean vanished, GError *error, Daemon *daemon)
{
  daemon->status = EXIT_FAILURE;
  g_main_loop_quit (daemon->loop);
}

/* Not before: what is on the screen may be that of the broker that has the name. */
static void
on_name_got (gpointer user_data)
{
  Daemon *daemon = user_data;

  ta_notification_withdraw_left (daemon->bus);
}

static void
on_name_lost (gpointer user_data)
{
  end (user_data, EXIT_NAME_TAKEN);
}

static void
own_name (Daemon *daemon)
{
  g_clear_handle_id (&daemon->load_timer, g_source_remove);
  if (daemon->name != NULL || daemon->ends_at != 0)
    return;
  ta_service_publish (daemon->service, daemon->bus);
  daemon->name = ta_name_new (daemon->bus, on_name_got, on_name_lost, daemon);
  ta_idle_wait (daemon->idle, on_idle, daemon);
}

static gboolean
on_load_timeout (gpointer user_data)
{
  Daemon *daemon = user_data;

  daemon->load_timer = 0;
  own_name (daemon);
  return G_SOURCE_REMOVE;
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ta_accounts_load_finish (TA_ACCOUNTS (source), result, &error))
    g_message ("%s", error->message);
  own_name (user_data);
}

/* Every request will fail in the same way, until the file is corrected. */
static void
tell_of_distrust (TaParts *parts)
{
  g_autoptr (GError) error = NULL;

  if (!ta_http_can_send (parts->http, &error))
    g_message ("%s", error->message);
}

/* The client's credentials are not for the children. */
static TaParts *
create_parts (void)
{
  TaParts *parts = ta_parts_new (g_getenv ("TIDIO_CLIENT_ID"), g_getenv ("TIDIO_CLIENT_SECRET"));

  ta_process_forget_variable ("TIDIO_CLIENT_ID");
  ta_process_forget_variable ("TIDIO_CLIENT_SECRET");
  return parts;
}

static int
run (GDBusConnection *bus)
{
  g_autoptr (TaParts) parts = create_parts ();
  g_autoptr (GError) error = NULL;
  Daemon daemon = { 0 };

  tell_of_distrust (parts);
  daemon.bus = bus;
  daemon.loop = g_main_loop_new (NULL, FALSE);
  daemon.accounts = ta_accounts_new (parts);
  daemon.sign_ins = ta_sign_ins_new (daemon.accounts);
  daemon.ledger = ta_ledger_new ();
  daemon.service = ta_service_new (bus, daemon.accounts, daemon.sign_ins, daemon.ledger, &error);
  if (daemon.service == NULL)
    {
      g_printerr ("tidio-authd: %s\n", error->message);
      return EXIT_FAILURE;
    }
  daemon.reminder = ta_reminder_new (daemon.accounts, daemon.sign_ins);
  g_signal_connect_object (daemon.accounts, "sign-in-needed", G_CALLBACK (ta_reminder_need),
                           daemon.reminder, G_CONNECT_SWAPPED);
  daemon.idle = ta_idle_new (bus, daemon.accounts, daemon.sign_ins, daemon.ledger, daemon.service,
                             daemon.reminder);
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  g_signal_connect (bus, "closed", G_CALLBACK (on_bus_closed), &daemon);
  g_unix_signal_add (SIGTERM, on_signal, &daemon);
  g_unix_signal_add (SIGINT, on_signal, &daemon);
  daemon.load_timer = g_timeout_add_seconds (LOAD_TIMEOUT, on_load_timeout, &daemon);
  ta_accounts_load_async (daemon.accounts, "", FALSE, NULL, load_cb, &daemon);
  g_main_loop_run (daemon.loop);

  g_signal_handlers_disconnect_by_data (bus, &daemon);
  g_clear_pointer (&daemon.name, ta_name_free);
  g_clear_pointer (&daemon.idle, ta_idle_free);
  ta_ledger_save (daemon.ledger);
  g_object_unref (daemon.service);
  g_object_unref (daemon.ledger);
  g_object_unref (daemon.sign_ins);
  g_object_unref (daemon.accounts);
  g_main_loop_unref (daemon.loop);
  return daemon.status;
}

int
main (int argc, char *argv[])
{
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, N_ ("Print the version and exit"), NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = NULL;
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GError) error = NULL;

  ta_process_harden (argv);
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, TA_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  context = g_option_context_new (NULL);
  g_option_context_set_summary (context, _ ("The token broker org.tidio.Auth. The session bus "
                                            "starts it when it is needed."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1)
    {
      g_printerr ("tidio-authd: %s\n",
                  error != NULL ? error->message : _ ("There are no arguments; see --help"));
      return 2;
    }
  if (version)
    {
      g_print ("tidio-authd %s\n", TA_VERSION);
      return EXIT_SUCCESS;
    }
  ta_error_quark ();
  bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (bus == NULL)
    {
      g_printerr (_ ("tidio-authd: there is no session bus: %s\n"), error->message);
      return EXIT_FAILURE;
    }
  ta_answers_guard (bus);
  ta_intake_limit (bus);
  return run (bus);
}

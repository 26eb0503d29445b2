/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-in-watch.h"

#include "base/ta-error.h"
#include "ta-cli.h"
#include "ta-paste.h"
#include "ta-progress.h"
#include "ta-sign-in-page.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

/* Follows one sign-in of the broker to its end.
 *
 * The sign-in object's properties are the only truth: they are read once after subscribing to their
 * changes, because the sign-in may have ended before, and again with every change. It ends when the
 * state says so, when the object or the broker goes away, or when the user insists on leaving.
 *
 * Ctrl-C asks the broker to cancel and waits for what comes of it; a second one does not wait. */

#define CALL_TIMEOUT_MS (60 * 1000)

/* Where the broker opens a browser, the address is held back until that can have failed: another
 * one takes its place then. */
#define BROWSER_SECONDS 3

typedef struct
{
  GMainLoop *loop;           /* (owned) */
  GCancellable *cancellable; /* (owned): ends with this struct, for calls that outlive it */
  TaDBusAuthSignIn *proxy;   /* (owned) (nullable) */
  char *path;                /* (owned) (nullable) */
  TaPaste *paste;            /* (owned) (nullable) */
  TaProgress progress;
  gboolean may_paste;
  gboolean opens_browser;
  guint seconds;   /* since the start */
  char *shown_uri; /* (owned) (nullable): another one may take its place */
  gboolean cancelling;
  char *account; /* (owned) (nullable): who is signed in, when all went well */
  GError *error; /* (owned) (nullable): why it did not */
} SignIn;

static void
clear_sign_in (SignIn *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  if (self->proxy != NULL)
    g_signal_handlers_disconnect_by_data (self->proxy, self);
  g_clear_object (&self->proxy);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->shown_uri, g_free);
  g_clear_pointer (&self->paste, ta_paste_free);
  ta_progress_finish (&self->progress);
  g_clear_pointer (&self->account, g_free);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SignIn, clear_sign_in)

/* Takes `error`; only the first one counts. */
static void
fail (SignIn *self, GError *error)
{
  if (self->error == NULL && self->account == NULL)
    self->error = error;
  else
    g_error_free (error);
  g_main_loop_quit (self->loop);
}

static void
lose (SignIn *self)
{
  fail (self, g_error_new_literal (TA_ERROR, TA_ERROR_FAILED,
                                   _ ("The broker went away before the sign-in ended: sign in "
                                      "again")));
}

static GError *
make_cancelled (void)
{
  return g_error_new_literal (TA_ERROR, TA_ERROR_SIGN_IN_CANCELLED,
                              _ ("The sign-in was cancelled"));
}

static void
complete_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (ta_dbus_auth_sign_in_call_complete_finish (TA_DBUS_AUTH_SIGN_IN (source), result, &error)
      || ta_cli_is_given_up (error))
    return;
  ta_cli_report (error);
}

static void
on_pasted (const char *line, gpointer user_data)
{
  SignIn *self = user_data;

  if (!g_utf8_validate (line, -1, NULL))
    ta_cli_warn (_ ("That is not an address"));
  else
    ta_dbus_auth_sign_in_call_complete (self->proxy, line, self->cancellable, complete_cb, NULL);
}

static void
show_uri (SignIn *self, const char *state)
{
  const char *uri = ta_dbus_auth_sign_in_get_uri (self->proxy);
  gboolean has_code = ta_sign_in_page_has_code (self->proxy);
  GError *error = NULL;

  if (self->cancelling || !ta_sign_in_page_is_known (self->proxy)
      || g_strcmp0 (uri, self->shown_uri) == 0)
    return;
  if (self->opens_browser && !has_code && self->seconds < BROWSER_SECONDS
      && (g_str_equal (state, "waiting") || g_str_equal (state, "failed")))
    return;
  g_free (self->shown_uri);
  self->shown_uri = g_strdup (uri);
  ta_progress_clear (&self->progress);
  if (!ta_sign_in_page_print (self->proxy, !self->opens_browser, &error))
    {
      fail (self, error);
      return;
    }
  if (self->may_paste && self->paste == NULL && !has_code)
    {
      g_printerr ("%s\n", _ ("Or paste here the address that the browser on the other machine ends "
                             "up at."));
      self->paste = ta_paste_new (on_pasted, self);
    }
}

static void
show_step (SignIn *self, const char *state)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gint64 left = ta_dbus_auth_sign_in_get_expires_at (self->proxy) - now;

  if (g_str_equal (state, "exchanging"))
    ta_progress_show (&self->progress, _ ("Exchanging the authorization code…"), 0);
  else if (self->cancelling)
    ta_progress_show (&self->progress, _ ("Cancelling…"), 0);
  else if (ta_sign_in_page_has_code (self->proxy))
    ta_progress_show (&self->progress, _ ("Waiting for the code to be entered…"), left);
  else if (ta_sign_in_page_is_known (self->proxy))
    ta_progress_show (&self->progress, _ ("Waiting for the browser…"), left);
  else
    ta_progress_show (&self->progress, _ ("Preparing the sign-in…"), 0);
}

static GError *
get_failure (SignIn *self)
{
  const char *name = ta_dbus_auth_sign_in_get_error (self->proxy);
  const char *message = ta_dbus_auth_sign_in_get_error_message (self->proxy);

  if (name == NULL || *name == '\0' || message == NULL)
    return g_error_new_literal (TA_ERROR, TA_ERROR_FAILED, _ ("The sign-in failed: try again"));
  return g_dbus_error_new_for_dbus_error (name, message);
}

static void
follow (SignIn *self)
{
  const char *state = ta_dbus_auth_sign_in_get_state (self->proxy);
  const char *account = ta_dbus_auth_sign_in_get_account (self->proxy);

  if (state == NULL || account == NULL)
    {
      lose (self);
      return;
    }
  show_uri (self, state);
  if (g_str_equal (state, "failed"))
    fail (self, self->cancelling ? make_cancelled () : get_failure (self));
  else if (!g_str_equal (state, "done"))
    show_step (self, state);
  else if (self->error == NULL && self->account == NULL)
    {
      self->account = g_strdup (account);
      g_main_loop_quit (self->loop);
    }
}

static gboolean
on_tick (gpointer user_data)
{
  SignIn *self = user_data;

  self->seconds++;
  follow (self);
  return G_SOURCE_CONTINUE;
}

static void
on_removed (GDBusConnection *connection, const char *sender, const char *path,
            const char *interface, const char *signal, GVariant *arguments, gpointer user_data)
{
  SignIn *self = user_data;
  const char *removed = NULL;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(oas)")))
    return;
  g_variant_get_child (arguments, 0, "&o", &removed);
  if (g_strcmp0 (removed, self->path) == 0)
    lose (self);
}

static void
cancel_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SignIn *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!ta_dbus_auth_sign_in_call_cancel_finish (TA_DBUS_AUTH_SIGN_IN (source), result, &error)
      && !ta_cli_is_given_up (error))
    fail (self, g_steal_pointer (&error));
}

static gboolean
on_interrupt (gpointer user_data)
{
  SignIn *self = user_data;

  if (self->cancelling)
    {
      fail (self, make_cancelled ());
      return G_SOURCE_CONTINUE;
    }
  self->cancelling = TRUE;
  ta_dbus_auth_sign_in_call_cancel (self->proxy, self->cancellable, cancel_cb, self);
  follow (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
start (SignIn *self, TaDBusAuth *auth, const char *account, GVariant *options, GError **error)
{
  GDBusConnection *connection = g_dbus_proxy_get_connection (G_DBUS_PROXY (auth));

  if (!ta_dbus_auth_call_sign_in_sync (auth, account, options, &self->path, NULL, error))
    return FALSE;
  self->proxy = ta_dbus_auth_sign_in_proxy_new_sync (
      connection, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, TA_BUS_NAME, self->path, NULL, error);
  if (self->proxy == NULL)
    return FALSE;
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (self->proxy), CALL_TIMEOUT_MS);
  g_signal_connect_swapped (self->proxy, "g-properties-changed", G_CALLBACK (follow), self);
  g_signal_connect_swapped (self->proxy, "notify::g-name-owner", G_CALLBACK (lose), self);
  return TRUE;
}

static void
run_loop (SignIn *self, GDBusConnection *connection)
{
  guint tick = g_timeout_add_seconds (1, on_tick, self);
  gulong closed = g_signal_connect_swapped (connection, "closed", G_CALLBACK (lose), self);

  follow (self);
  if (self->error == NULL && self->account == NULL)
    g_main_loop_run (self->loop);
  g_signal_handler_disconnect (connection, closed);
  g_source_remove (tick);
}

/* Starts a sign-in, or joins the one that runs, and returns the account when it is signed in.
 * `may_paste`: no browser is opened here, and the user may paste the redirect address.
 * Errors: those of the sign-in object, and TA_ERROR_FAILED if the broker goes away. */
char *
ta_sign_in_watch (TaDBusAuth *auth, const char *account, GVariant *options, gboolean may_paste,
                  GError **error)
{
  GDBusConnection *connection = g_dbus_proxy_get_connection (G_DBUS_PROXY (auth));
  g_auto (SignIn) self
      = { .may_paste = may_paste && ta_paste_is_possible (), .opens_browser = !may_paste };
  guint interrupt = g_unix_signal_add (SIGINT, on_interrupt, &self);
  guint terminate = g_unix_signal_add (SIGTERM, on_interrupt, &self);
  guint removed = g_dbus_connection_signal_subscribe (
      connection, TA_BUS_NAME, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
      TA_BUS_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_removed, &self, NULL);

  self.loop = g_main_loop_new (NULL, FALSE);
  self.cancellable = g_cancellable_new ();
  ta_progress_init (&self.progress, !self.may_paste);
  if (start (&self, auth, account, options, &self.error))
    run_loop (&self, connection);
  g_dbus_connection_signal_unsubscribe (connection, removed);
  g_source_remove (terminate);
  g_source_remove (interrupt);
  if (self.error != NULL)
    g_propagate_error (error, g_steal_pointer (&self.error));
  return g_steal_pointer (&self.account);
}

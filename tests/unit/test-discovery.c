/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "broker/ta-discovery.h"

#include "unit.h"

#include <glib/gstdio.h>

/* An issuer that takes connections and says nothing, as long as its listener is open. */
typedef struct
{
  GSocketListener *listener; /* (owned) */
  TaDiscovery *discovery;    /* (owned) */
} Fixture;

typedef struct
{
  gboolean is_answered;
  TaProvider *provider; /* (owned) (nullable) */
  GError *error;        /* (owned) (nullable) */
} Caller;

static void
caller_clear (Caller *caller)
{
  g_clear_pointer (&caller->provider, ta_provider_unref);
  g_clear_error (&caller->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Caller, caller_clear)

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Caller *caller = user_data;

  caller->provider = ta_discovery_find_finish (TA_DISCOVERY (source), result, &caller->error);
  caller->is_answered = TRUE;
}

static void
iterate (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const char *folder = data;
  g_autofree char *providers = g_build_filename (folder, "tidio-auth", "providers", NULL);
  g_autofree char *path = g_build_filename (providers, "silent.conf", NULL);
  g_autofree char *text = NULL;
  g_autoptr (TaWake) wake = ta_wake_new ();
  g_autoptr (TaThrottle) throttle = ta_throttle_new (wake);
  g_autoptr (TaHttp) http = ta_http_new (4);
  guint16 port;

  fixture->listener = g_socket_listener_new ();
  port = g_socket_listener_add_any_inet_port (fixture->listener, NULL, NULL);
  text = g_strdup_printf (
      "[Provider]\nIssuer=http://127.0.0.1:%u\n[Api]\nBaseUri=http://127.0.0.1:%u/\n", port, port);
  g_assert_cmpint (g_mkdir_with_parents (providers, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  fixture->discovery = ta_discovery_new (http, throttle);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->listener);
  g_assert_finalize_object (fixture->discovery);
}

/* Who has no more time is answered at once; the issuer goes on being asked, for the others. */
static void
check_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Caller) hasty = { 0 };
  g_auto (Caller) patient = { 0 };
  g_auto (Caller) late = { 0 };

  ta_discovery_find_async (fixture->discovery, "silent", cancellable, found_cb, &hasty);
  ta_discovery_find_async (fixture->discovery, "silent", NULL, found_cb, &patient);
  iterate ();
  g_assert_false (hasty.is_answered);
  g_cancellable_cancel (cancellable);
  iterate ();
  g_assert_error (hasty.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (patient.is_answered);
  ta_discovery_find_async (fixture->discovery, "silent", cancellable, found_cb, &late);
  iterate ();
  g_assert_error (late.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_socket_listener_close (fixture->listener);
  while (!patient.is_answered)
    g_main_context_iteration (NULL, TRUE);
  unit_assert_error (patient.error, TA_ERROR, TA_ERROR_NETWORK);
}

/* Nobody waits any more, and then somebody does again. */
static void
check_left_alone (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Caller) first = { 0 };
  g_auto (Caller) second = { 0 };

  ta_discovery_find_async (fixture->discovery, "silent", cancellable, found_cb, &first);
  g_cancellable_cancel (cancellable);
  iterate ();
  g_assert_error (first.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  ta_discovery_find_async (fixture->discovery, "silent", NULL, found_cb, &second);
  g_socket_listener_close (fixture->listener);
  while (!second.is_answered)
    g_main_context_iteration (NULL, TRUE);
  unit_assert_error (second.error, TA_ERROR, TA_ERROR_NETWORK);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = g_dir_make_tmp ("tidio-auth-XXXXXX", NULL);
  g_autofree char *providers = g_build_filename (folder, "tidio-auth", "providers", NULL);
  g_autofree char *path = g_build_filename (providers, "silent.conf", NULL);
  g_autofree char *own = g_build_filename (folder, "tidio-auth", NULL);
  int result;

  g_setenv ("XDG_CONFIG_HOME", folder, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/discovery/UN-DI-01-cancelled", Fixture, folder, set_up, check_cancelled, tear_down);
  g_test_add ("/discovery/UN-DI-02-left-alone", Fixture, folder, set_up, check_left_alone,
              tear_down);
  result = g_test_run ();
  g_unlink (path);
  g_rmdir (providers);
  g_rmdir (own);
  g_rmdir (folder);
  return result;
}

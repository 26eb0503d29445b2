/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-host-check.h"

#include "base/ta-error.h"
#include "broker/ta-check.h"
#include "config.h"
#include "io/ta-clock.h"
#include "io/ta-configuration.h"
#include "io/ta-lock-look.h"

/* A diagnosis of what needs no waiting: the broker itself, its environment and its files. */

static void
check_versions (GPtrArray *checks)
{
  ta_check_add (checks, "version", NULL, TA_CHECK_OK,
                "tidio-authd " TA_VERSION " runs with GLib %u.%u.%u and libsoup %u.%u.%u",
                glib_major_version, glib_minor_version, glib_micro_version,
                soup_get_major_version (), soup_get_minor_version (), soup_get_micro_version ());
}

static void
check_environment (GPtrArray *checks)
{
  if (g_getenv ("DISPLAY") != NULL || g_getenv ("WAYLAND_DISPLAY") != NULL)
    ta_check_add (checks, "environment", NULL, TA_CHECK_OK,
                  "The broker was started with a display for the programs it opens");
  else
    ta_check_add (checks, "environment", NULL, TA_CHECK_WARNING,
                  "The broker was started without a display: in a desktop session run "
                  "dbus-update-activation-environment --systemd DISPLAY WAYLAND_DISPLAY, then "
                  "systemctl --user stop tidio-auth");
}

/* Whoever has the keys of such authorities can read what the broker sends. */
static void
check_authorities (GPtrArray *checks)
{
  g_autoptr (TaConfiguration) configuration = ta_configuration_load (NULL);
  g_autofree char *name = NULL;
  g_autofree char *quoted = NULL;

  if (configuration == NULL || configuration->ca_file == NULL)
    return;
  name = g_path_get_basename (configuration->ca_file);
  quoted = ta_error_quote (name);
  ta_check_add (checks, "ca-file", NULL, TA_CHECK_OK,
                "Besides the system's authorities those in %s are trusted, which CaFile in "
                "tidio-auth.conf names",
                quoted);
}

static void
check_configuration (GPtrArray *checks, TaParts *parts)
{
  g_autoptr (GError) error = NULL;

  if (ta_http_can_send (parts->http, &error))
    {
      ta_check_add (checks, "configuration", NULL, TA_CHECK_OK, "tidio-auth.conf has no mistake");
      check_authorities (checks);
    }
  else
    ta_check_add (checks, "configuration", NULL, TA_CHECK_ERROR, "%s", error->message);
}

static void
check_locks (GPtrArray *checks)
{
  TaLockLook look = ta_lock_look ();

  if (!look.has_place)
    ta_check_add (checks, "locks", NULL, TA_CHECK_WARNING,
                  "There is no runtime folder for lock files, so sessions cannot wait for each "
                  "other: set XDG_RUNTIME_DIR to a folder of yours");
  else if (!look.is_ours)
    ta_check_add (checks, "locks", NULL, TA_CHECK_ERROR,
                  "tidio-auth in the runtime folder (XDG_RUNTIME_DIR) is not a folder of yours: "
                  "remove it");
  else if (look.n_foreign > 0)
    ta_check_add (checks, "locks", NULL, TA_CHECK_ERROR,
                  "%u lock files in tidio-auth of the runtime folder are no plain files of yours: "
                  "remove them",
                  look.n_foreign);
  else
    ta_check_add (checks, "locks", NULL, TA_CHECK_OK,
                  "Lock files can be used, and %u are held just now", look.n_held);
}

static void
check_store (GPtrArray *checks, TaParts *parts)
{
  const TaStoreHealth *health = ta_store_get_health (parts->store);

  if (health->failure == NULL)
    ta_check_add (checks, "store", NULL, TA_CHECK_OK,
                  "Nothing has failed in the keyring since the broker started");
  else
    ta_check_add (checks, "store", NULL, health->is_well ? TA_CHECK_OK : TA_CHECK_WARNING,
                  "The keyring %s %" G_GINT64_FORMAT " seconds ago%s: %.110s",
                  health->is_well ? "works, and failed last" : "failed",
                  MAX (ta_clock_now ().wall - health->failed_at, 0),
                  health->is_well ? "" : ", and nothing has worked in it since",
                  health->failure->message);
}

static void
check_accounts (GPtrArray *checks, TaAccounts *accounts)
{
  g_autoptr (GList) all = ta_accounts_list (accounts);
  guint n_ready = 0;

  for (GList *link = all; link != NULL; link = link->next)
    if (g_str_equal (ta_account_get_state (link->data), "ready"))
      n_ready++;
  if (!ta_accounts_were_read (accounts))
    ta_check_add (checks, "accounts", NULL, TA_CHECK_SKIPPED,
                  "The accounts are not known, because the keyring could not be read yet");
  else if (all == NULL)
    ta_check_add (checks, "accounts", NULL, TA_CHECK_SKIPPED,
                  "Nobody is signed in: run tidio-auth sign-in");
  else
    ta_check_add (checks, "accounts", NULL,
                  n_ready == g_list_length (all) ? TA_CHECK_OK : TA_CHECK_WARNING,
                  "%u of %u accounts ready%s", n_ready, g_list_length (all),
                  n_ready == g_list_length (all) ? "" : ": see tidio-auth accounts");
}

/* Adds to a list of checks. */
void
ta_host_check_run (GPtrArray *checks, TaAccounts *accounts)
{
  TaParts *parts = ta_accounts_get_parts (accounts);

  check_versions (checks);
  check_environment (checks);
  check_configuration (checks, parts);
  check_locks (checks);
  check_store (checks, parts);
  check_accounts (checks, accounts);
}

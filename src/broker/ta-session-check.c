/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-session-check.h"

#include "broker/ta-check.h"
#include "io/ta-browser.h"
#include "io/ta-bus-names.h"
#include "io/ta-keyring-look.h"
#include "io/ta-loopback-trial.h"

/* A diagnosis of the session that the broker runs in: the loopback addresses -> what the bus knows
 * -> the keyring. Nothing is started, unlocked or opened for it. */

#define NAME "org.tidio.Auth"
#define IPV4 "127.0.0.1"
#define IPV6 "::1"
#define SECRETS "org.freedesktop.secrets"
#define PORTAL "org.freedesktop.portal.Desktop"
#define GNOME_KEYRING "org.gnome.keyring"
#define GNOME_PROMPTER "org.gnome.keyring.SystemPrompter"

typedef struct
{
  GDBusConnection *bus; /* (owned) */
  GPtrArray *checks;    /* (owned) (nullable): NULL once handed out */
  TaBusNames *names;    /* (owned) (nullable) */
} Look;

static void
look_free (Look *look)
{
  g_object_unref (look->bus);
  g_clear_pointer (&look->checks, g_ptr_array_unref);
  g_clear_pointer (&look->names, ta_bus_names_free);
  g_free (look);
}

static void
check_loopback (GPtrArray *checks, const char *id, const char *address, gboolean is_well,
                TaCheckResult otherwise)
{
  if (is_well)
    ta_check_add (checks, id, NULL, TA_CHECK_OK, "A browser can come back to %s", address);
  else
    ta_check_add (checks, id, NULL, otherwise,
                  "Nothing can be reached at %s, where a browser may come back to: see whether the "
                  "loopback device is up",
                  address);
}

static void
check_name (GPtrArray *checks, const TaBusNames *names)
{
  if (!ta_bus_names_is_owned (names, NAME))
    ta_check_add (checks, "name", NULL, TA_CHECK_ERROR,
                  "The broker does not have the name " NAME ": end it, and it is started anew");
  else if (ta_bus_names_is_coveted (names))
    ta_check_add (checks, "name", NULL, TA_CHECK_WARNING,
                  "Another program waits for the name " NAME " and gets it when the broker ends: "
                  "see busctl --user");
  else
    ta_check_add (checks, "name", NULL, TA_CHECK_OK, "The broker has the name " NAME);
}

static void
check_browser (GPtrArray *checks, gboolean has_portal)
{
  static const char *const ways[] = {
    [TA_BROWSER_BY_ENVIRONMENT] = "the programs in BROWSER",
    [TA_BROWSER_BY_PORTAL] = "the desktop portal",
    [TA_BROWSER_BY_XDG_OPEN] = "xdg-open",
  };
  TaBrowserWay way = ta_browser_find_way (has_portal);

  if (way == TA_BROWSER_NO_HELPER)
    ta_check_add (checks, "browser", NULL, TA_CHECK_ERROR,
                  "tidio-auth-open-uri does not lie beside the broker: install Tidio Auth again");
  else if (way == TA_BROWSER_NO_WAY)
    ta_check_add (checks, "browser", NULL, TA_CHECK_WARNING,
                  "The broker has no means to open a browser: set BROWSER, install a desktop "
                  "portal, or use tidio-auth sign-in --no-browser");
  else
    ta_check_add (checks, "browser", NULL, TA_CHECK_OK, "A browser is opened through %s",
                  ways[way]);
}

static void
check_prompter (GPtrArray *checks, const TaBusNames *names)
{
  if (!ta_bus_names_is_owned (names, GNOME_KEYRING))
    ta_check_add (checks, "prompter", NULL, TA_CHECK_SKIPPED,
                  "Only GNOME Keyring needs a program that asks for its password");
  else if (ta_bus_names_is_reachable (names, GNOME_PROMPTER))
    ta_check_add (checks, "prompter", NULL, TA_CHECK_OK,
                  "There is a program that asks for the password of GNOME Keyring");
  else
    ta_check_add (checks, "prompter", NULL, TA_CHECK_WARNING,
                  "Nobody can be asked for the password of GNOME Keyring: install gcr "
                  "(gcr-prompter), or unlock the keyring otherwise");
}

static void
check_keyring (GPtrArray *checks, TaKeyringLook look, gboolean can_start)
{
  switch (look)
    {
    case TA_KEYRING_LOOK_ABSENT:
      ta_check_add (checks, "keyring", NULL, can_start ? TA_CHECK_WARNING : TA_CHECK_ERROR,
                    can_start ? "The Secret Service does not run, but the bus can start it: see "
                                "its log if that fails"
                              : "There is no Secret Service on the bus: start a keyring such as "
                                "gnome-keyring, KWallet or KeePassXC");
      return;
    case TA_KEYRING_LOOK_SILENT:
      ta_check_add (checks, "keyring", NULL, TA_CHECK_ERROR,
                    "The Secret Service does not answer as it should: see whether it waits for a "
                    "password, or start it again");
      return;
    case TA_KEYRING_LOOK_EMPTY:
      ta_check_add (checks, "keyring", NULL, TA_CHECK_WARNING,
                    "The Secret Service has no default keyring: create one, or sign in, which asks "
                    "for one");
      return;
    case TA_KEYRING_LOOK_LOCKED:
      ta_check_add (checks, "keyring", NULL, TA_CHECK_WARNING,
                    "The default keyring is locked: unlock it, or run the command again with "
                    "--interactive");
      return;
    case TA_KEYRING_LOOK_OPEN:
      ta_check_add (checks, "keyring", NULL, TA_CHECK_OK, "The default keyring is unlocked");
      return;
    }
  g_return_if_reached ();
}

static void
keyring_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Look *look = g_task_get_task_data (task);
  TaKeyringLook keyring = ta_keyring_look_finish (G_DBUS_CONNECTION (source), result);
  gboolean can_start = look->names != NULL && ta_bus_names_is_reachable (look->names, SECRETS);

  check_keyring (look->checks, keyring, can_start);
  g_task_return_pointer (task, g_steal_pointer (&look->checks), (GDestroyNotify) g_ptr_array_unref);
}

static void
names_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Look *look = g_task_get_task_data (task);

  look->names = ta_bus_names_load_finish (G_DBUS_CONNECTION (source), result, NULL);
  if (look->names == NULL)
    ta_check_add (look->checks, "name", NULL, TA_CHECK_ERROR,
                  "The session bus does not answer: log out and in again");
  else
    {
      check_name (look->checks, look->names);
      check_prompter (look->checks, look->names);
    }
  check_browser (look->checks,
                 look->names != NULL && ta_bus_names_is_reachable (look->names, PORTAL));
  ta_keyring_look_async (look->bus, g_task_get_cancellable (task), keyring_cb, g_object_ref (task));
}

static void
ipv6_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Look *look = g_task_get_task_data (task);

  check_loopback (look->checks, "loopback-ipv6", IPV6, ta_loopback_trial_finish (result),
                  TA_CHECK_WARNING);
  ta_bus_names_load_async (look->bus, NAME, g_task_get_cancellable (task), names_cb,
                           g_object_ref (task));
}

static void
ipv4_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Look *look = g_task_get_task_data (task);

  check_loopback (look->checks, "loopback-ipv4", IPV4, ta_loopback_trial_finish (result),
                  TA_CHECK_ERROR);
  ta_loopback_trial_async (IPV6, g_task_get_cancellable (task), ipv6_cb, g_object_ref (task));
}

void
ta_session_check_async (GDBusConnection *bus, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Look *look = g_new0 (Look, 1);

  g_task_set_source_tag (task, ta_session_check_async);
  g_task_set_check_cancellable (task, FALSE);
  look->bus = g_object_ref (bus);
  look->checks = ta_check_list_new ();
  g_task_set_task_data (task, look, (GDestroyNotify) look_free);
  ta_loopback_trial_async (IPV4, cancellable, ipv4_cb, task);
}

/* (transfer full) (element-type TaCheck): it always ends with all checks. */
GPtrArray *
ta_session_check_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

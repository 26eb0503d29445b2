/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-error.h"
#include "base/ta-words.h"
#include "ta-bus.h"
#include "ta-cli.h"
#include "ta-options.h"
#include "ta-sign-in-watch.h"

#include <glib/gi18n.h>

/* SignIn itself returns at once; what takes long is told by the object. */
#define TIMEOUT_MS (30 * 1000)

typedef struct
{
  char **arguments; /* (owned) (nullable) */
  char *provider;   /* (owned) (nullable) */
  char *scopes;     /* (owned) (nullable) */
  gboolean no_browser;
  gboolean device;
} Options;

static void
clear_options (Options *options)
{
  g_strfreev (options->arguments);
  g_free (options->provider);
  g_free (options->scopes);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, clear_options)

static gboolean
parse (Options *options, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "provider", 0, 0, G_OPTION_ARG_STRING, &options->provider,
      N_ ("Provider of a new account, default tidio"), N_ ("PROVIDER") },
    { "scopes", 0, 0, G_OPTION_ARG_STRING, &options->scopes,
      N_ ("Scopes to ask for, separated by spaces"), N_ ("SCOPES") },
    { "no-browser", 0, 0, G_OPTION_ARG_NONE, &options->no_browser,
      N_ ("Open no browser, only print the page's address"), NULL },
    { "device", 0, 0, G_OPTION_ARG_NONE, &options->device,
      N_ ("Print a code to be typed in a browser anywhere"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->arguments, NULL,
      N_ ("[ACCOUNT]") },
    { NULL },
  };

  return ta_options_parse (_ ("Signs an account in through the browser. Ctrl-C cancels.\n\n"
                              "Example: tidio-auth sign-in work"),
                           entries, argc, argv, error);
}

static GVariant *
build_request (const Options *options, gboolean open_browser)
{
  g_auto (GVariantBuilder) request = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  if (options->provider != NULL)
    g_variant_builder_add (&request, "{sv}", "provider", g_variant_new_string (options->provider));
  if (options->scopes != NULL)
    {
      g_auto (GStrv) words = g_strsplit_set (options->scopes, " \t\n", -1);
      g_auto (GVariantBuilder) scopes = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

      for (guint i = 0; words[i] != NULL; i++)
        if (*words[i] != '\0')
          g_variant_builder_add (&scopes, "s", words[i]);
      g_variant_builder_add (&request, "{sv}", "scopes", g_variant_builder_end (&scopes));
    }
  if (options->device)
    g_variant_builder_add (&request, "{sv}", "flow", g_variant_new_string ("device"));
  else if (!open_browser)
    g_variant_builder_add (&request, "{sv}", "open-browser", g_variant_new_boolean (FALSE));
  return g_variant_builder_end (&request);
}

/* Whether a browser is to be opened. Without a display there may still be one on another machine;
 * and the broker's display, if it has one, may be one that the user does not sit at. */
static gboolean
wants_browser (const Options *options)
{
  if (options->no_browser || options->device)
    return FALSE;
  if (ta_cli_has_display ())
    return TRUE;
  g_printerr ("%s\n", _ ("There is no display here (DISPLAY, WAYLAND_DISPLAY, BROWSER), so no "
                         "browser is opened."));
  return FALSE;
}

/* A machine without a browser can still sign in with one elsewhere. */
static char *
sign_in (TaDBusAuth *auth, const char *account, const Options *options, GError **error)
{
  gboolean open_browser = wants_browser (options);
  g_autoptr (GError) local = NULL;
  char *name = ta_sign_in_watch (auth, account, build_request (options, open_browser),
                                 !open_browser, &local);

  if (open_browser && g_error_matches (local, TA_ERROR, TA_ERROR_BROWSER_FAILED))
    {
      ta_cli_report (local);
      g_clear_error (&local);
      name = ta_sign_in_watch (auth, account, build_request (options, FALSE), TRUE, &local);
    }
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return name;
}

static void
warn_if_narrowed (TaDBusAuthAccount *account)
{
  const char *const *granted = ta_dbus_auth_account_get_scopes (account);
  const char *const *requested = ta_dbus_auth_account_get_requested_scopes (account);
  g_auto (GStrv) missing = NULL;
  g_autofree char *joined = NULL;
  g_autofree char *sentence = NULL;

  if (granted == NULL || requested == NULL)
    return;
  missing = ta_words_without (requested, granted);
  joined = g_strjoinv (" ", missing);
  sentence = g_strdup_printf (_ ("Asked for but not granted: %s"), joined);
  if (*joined != '\0')
    ta_cli_warn (sentence);
}

/* Signed in is not yet saved: the keyring may be locked. Nor is it always what was asked for. */
static void
warn_of_defects (TaDBusAuth *auth, const char *name)
{
  GDBusConnection *bus = g_dbus_proxy_get_connection (G_DBUS_PROXY (auth));
  g_autofree char *escaped = g_dbus_escape_object_path (name);
  g_autofree char *path = g_strconcat (TA_BUS_PATH, "/Accounts/", escaped, NULL);
  g_autoptr (TaDBusAuthAccount) account = ta_dbus_auth_account_proxy_new_sync (
      bus, G_DBUS_PROXY_FLAGS_NONE, TA_BUS_NAME, path, NULL, NULL);

  if (account == NULL)
    return;
  warn_if_narrowed (account);
  if (g_strcmp0 (ta_dbus_auth_account_get_state (account), "unsaved") == 0)
    ta_cli_warn (_ ("The keyring did not take the sign-in yet: unlock it, and it is saved by "
                    "itself"));
}

gboolean
ta_command_sign_in (int argc, char **argv, GError **error)
{
  g_auto (Options) options = { 0 };
  g_autoptr (TaDBusAuth) auth = NULL;
  g_autofree char *name = NULL;
  const char *account;

  if (!parse (&options, argc, argv, error))
    return FALSE;
  account = ta_options_get_account (options.arguments, error);
  auth = account == NULL ? NULL : ta_bus_connect (TIMEOUT_MS, error);
  name = auth == NULL ? NULL : sign_in (auth, account, &options, error);
  if (name == NULL)
    return FALSE;
  warn_of_defects (auth, name);
  return ta_cli_print (error, _ ("Signed in as %s."), name);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-error.h"
#include "io/ta-client-store.h"
#include "io/ta-process.h"
#include "io/ta-store.h"
#include "ta-cli.h"
#include "ta-options.h"
#include "ta-prompt.h"

#include <glib/gi18n.h>

/* The one command that reaches the Secret Service itself: this way a client secret never crosses
 * the session bus in the clear, and the broker needs no method that takes one. */

typedef struct
{
  char **arguments; /* (owned) (nullable) */
  char *provider;   /* (owned) (nullable) */
  char *client_id;  /* (owned) (nullable) */
} Options;

static void
clear_options (Options *options)
{
  g_strfreev (options->arguments);
  g_free (options->provider);
  g_free (options->client_id);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, clear_options)

static void
take_result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **taken = user_data;

  *taken = g_object_ref (result);
}

static GAsyncResult *
await (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static gboolean
set (const char *provider, const char *client_id, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *prompt
      = g_strdup_printf (_ ("Client secret of %s (empty for none): "), client_id);
  g_autoptr (TaSecret) secret = ta_prompt_read_secret (prompt, error);
  g_autoptr (TaClient) client = NULL;
  g_autoptr (TaStore) store = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  if (secret == NULL)
    return FALSE;
  client = ta_client_new (provider, client_id, ta_secret_peek (secret), &local);
  if (client == NULL)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, local->message);
      return FALSE;
    }
  store = ta_store_new ();
  ta_client_store_save_async (store, client, TRUE, NULL, take_result_cb, &result);
  return ta_client_store_save_finish (store, await (&result), error)
         && ta_cli_print (error, _ ("The client of provider %s is saved."), provider);
}

static gboolean
show (const char *provider, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (TaStore) store = ta_store_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (TaClient) client = NULL;
  gboolean is_partial;

  ta_client_store_load_async (store, provider, TRUE, NULL, take_result_cb, &result);
  client = ta_client_store_load_finish (store, await (&result), &is_partial, &local);
  if (client == NULL && is_partial && local == NULL)
    local = ta_client_store_create_locked_error ();
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (client == NULL)
    {
      g_set_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED,
                   _ ("No client of provider %s is saved: set one with tidio-auth client set"),
                   provider);
      return FALSE;
    }
  return ta_cli_print (error, _ ("Provider: %s"), client->provider)
         && ta_cli_print (error, _ ("Client id: %s"), client->id)
         && ta_cli_print (error, _ ("Secret: %s"),
                          client->secret != NULL ? _ ("set") : _ ("not set"));
}

static gboolean
clear (const char *provider, GError **error)
{
  g_autoptr (TaStore) store = ta_store_new ();
  g_autoptr (GAsyncResult) result = NULL;

  ta_client_store_clear_async (store, provider, TRUE, NULL, take_result_cb, &result);
  return ta_client_store_clear_finish (store, await (&result), error)
         && ta_cli_print (error, _ ("The client of provider %s is cleared."), provider);
}

static gboolean
parse (Options *options, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "provider", 0, 0, G_OPTION_ARG_STRING, &options->provider, N_ ("Provider, default tidio"),
      N_ ("PROVIDER") },
    { "client-id", 0, 0, G_OPTION_ARG_STRING, &options->client_id, N_ ("Client id, for set"),
      N_ ("ID") },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->arguments, NULL,
      "set|show|clear" },
    { NULL },
  };

  return ta_options_parse (
      _ ("Sets, shows or clears the client id and secret that a provider gave you, in the "
         "keyring.\n"
         "The secret is asked for without echo, or is the first line of the standard input; it\n"
         "is never shown. TIDIO_CLIENT_ID in the broker's environment goes before it.\n\n"
         "Example: tidio-auth client set --client-id 0123abcd"),
      entries, argc, argv, error);
}

gboolean
ta_command_client (int argc, char **argv, GError **error)
{
  g_auto (Options) options = { 0 };
  const char *const actions[] = { "set", "show", "clear", NULL };
  const char *action;
  const char *provider;

  if (!parse (&options, argc, argv, error))
    return FALSE;
  ta_process_clean_environment ();
  action = options.arguments != NULL && options.arguments[1] == NULL ? options.arguments[0] : "";
  provider = options.provider != NULL ? options.provider : "tidio";
  if (g_str_equal (action, "set") && options.client_id != NULL)
    return set (provider, options.client_id, error);
  if (g_str_equal (action, "show") && options.client_id == NULL)
    return show (provider, error);
  if (g_str_equal (action, "clear") && options.client_id == NULL)
    return clear (provider, error);
  if (g_str_equal (action, "set"))
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("set needs --client-id"));
  else if (options.client_id != NULL && g_strv_contains (actions, action))
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("--client-id goes with set only"));
  else
    ta_options_set_action_error (error, action, actions);
  return FALSE;
}

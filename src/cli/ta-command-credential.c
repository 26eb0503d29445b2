/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-credential.h"
#include "base/ta-error.h"
#include "ta-account-list.h"
#include "ta-cli.h"
#include "ta-options.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

/* Git's credential helper. A token goes out only for the very host and port of an account's API,
 * and over https. To everything else there is no answer, so that git asks the next helper.
 *
 * Git is told to ask nobody else ("quit") when the account is the right one and only cannot be used
 * now: a password is not what would help. */

/* The broker answers within 60 seconds. */
#define TIMEOUT_MS (65 * 1000)

static gboolean
parse (char ***arguments, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, arguments, NULL, "get|store|erase" },
    { NULL },
  };

  return ta_options_parse (
      _ ("Gives git the token of the account whose API is at an https host, as a credential\n"
         "helper (git-credential-tidio is the same). The user name selects the account. erase has\n"
         "a token that was refused replaced, store does nothing.\n\n"
         "Example: git config --global credential.https://api.tidio.com.helper tidio"),
      entries, argc, argv, error);
}

/* All of the standard input, or one byte more than is ever taken. */
static TaSecretGString *
read_input (GError **error)
{
  g_autoptr (TaSecretGString) text = g_string_sized_new (TA_CREDENTIAL_MAX + 2);
  gssize length;

  do
    {
      length = read (STDIN_FILENO, text->str + text->len, TA_CREDENTIAL_MAX + 1 - text->len);
      if (length < 0 && errno != EINTR)
        {
          ta_cli_set_file_error (error, errno, _ ("Could not read %s"), _ ("the standard input"));
          return NULL;
        }
      if (length > 0)
        g_string_set_size (text, text->len + (gsize) length);
    }
  while (length != 0 && text->len <= TA_CREDENTIAL_MAX);
  return g_steal_pointer (&text);
}

/* The accounts that the request can mean. */
static GPtrArray *
find_accounts (GPtrArray *accounts, const TaCredential *asked)
{
  GPtrArray *found = g_ptr_array_new ();

  for (guint i = 0; i < accounts->len; i++)
    {
      GVariant *account = accounts->pdata[i];

      if (ta_credential_is_for (asked, ta_account_list_get_string (account, "BaseUri"))
          && (asked->username == NULL
              || g_str_equal (asked->username, ta_account_list_get_string (account, "Id"))))
        g_ptr_array_add (found, account);
    }
  return found;
}

static char *
choose (TaDBusAuth *auth, GPtrArray *found, const TaCredential *asked, GError **error)
{
  g_autofree char *default_account = NULL;

  if (found->len == 1)
    return g_strdup (ta_account_list_get_string (found->pdata[0], "Id"));
  default_account = ta_bus_get_default_account (auth, error);
  if (default_account == NULL)
    return NULL;
  for (guint i = 0; i < found->len; i++)
    if (g_str_equal (ta_account_list_get_string (found->pdata[i], "Id"), default_account))
      return g_steal_pointer (&default_account);
  g_set_error (error, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
               _ ("Several accounts are for %s: name one with git config "
                  "credential.https://%s.username ACCOUNT"),
               asked->host, asked->host);
  return NULL;
}

/* The id of the account that the request means. NULL without an error: none of ours. */
static char *
find_account (TaDBusAuth *auth, const TaCredential *asked, GError **error)
{
  g_autoptr (GPtrArray) accounts = ta_account_list_load (auth, error);
  g_autoptr (GPtrArray) found = NULL;

  if (accounts == NULL || (accounts->len == 0 && !ta_account_list_check_storage (auth, error)))
    return NULL;
  found = find_accounts (accounts, asked);
  return found->len == 0 ? NULL : choose (auth, found, asked, error);
}

static gboolean
print_answer (const TaCredential *asked, const char *account, const char *token, gint64 expires_at,
              GVariant *details, GError **error)
{
  g_autoptr (TaSecretString) answer = ta_credential_answer (asked, account, token, expires_at);
  const char *type = "Bearer";

  g_variant_lookup (details, "type", "&s", &type);
  if (g_ascii_strcasecmp (type, "Bearer") != 0)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_NOT_SUPPORTED,
                         _ ("The token is bound to a key that stays in the broker: use "
                            "tidio-auth call"));
  else if (answer == NULL)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                         _ ("The token cannot be told to git: it has a line break in it"));
  else
    return ta_cli_write (STDOUT_FILENO, answer, strlen (answer), error);
  return FALSE;
}

static gboolean
get (TaDBusAuth *auth, const TaCredential *asked, const char *account, GError **error)
{
  g_autoptr (TaSecretString) token = NULL;
  g_autoptr (GVariant) details = NULL;
  g_autoptr (GError) local = NULL;
  gint64 expires_at = 0;

  if (ta_dbus_auth_call_get_token_sync (auth, account, g_variant_new ("a{sv}", NULL), &token,
                                        &expires_at, &details, NULL, &local))
    return print_answer (asked, account, token, expires_at, details, error);
  if (ta_error_needs_user (local) || ta_error_is_transient (local))
    ta_cli_print (NULL, "quit=1");
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* Nothing happens unless it is still the account's token. */
static gboolean
erase (TaDBusAuth *auth, const TaCredential *asked, const char *account, GError **error)
{
  g_autoptr (TaSecretString) token = NULL;
  g_autoptr (GVariant) details = NULL;
  g_auto (GVariantBuilder) request = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  gint64 expires_at;

  g_variant_builder_add (&request, "{sv}", "rejected",
                         g_variant_new_string (ta_secret_peek (asked->secret)));
  return ta_dbus_auth_call_get_token_sync (auth, account, g_variant_builder_end (&request), &token,
                                           &expires_at, &details, NULL, error);
}

/* Whether `asked` could be answered at all; the broker is not even started otherwise. */
static gboolean
is_possible (const TaCredential *asked, gboolean erases)
{
  return g_str_equal (asked->protocol, "https")
         && (!erases
             || (asked->secret != NULL
                 && g_utf8_validate (ta_secret_peek (asked->secret), -1, NULL)));
}

static gboolean
serve (gboolean erases, GError **error)
{
  g_autoptr (TaSecretGString) input = read_input (error);
  g_autoptr (TaCredential) asked
      = input == NULL ? NULL : ta_credential_parse (input->str, input->len, error);
  g_autoptr (TaDBusAuth) auth = NULL;
  g_autoptr (GError) local = NULL;
  g_autofree char *account = NULL;

  if (asked == NULL)
    return FALSE;
  if (!is_possible (asked, erases))
    return TRUE;
  auth = ta_bus_connect (TIMEOUT_MS, error);
  if (auth == NULL)
    return FALSE;
  account = find_account (auth, asked, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (account == NULL)
    return TRUE;
  return erases ? erase (auth, asked, account, error) : get (auth, asked, account, error);
}

/* What git may want of a helper in the future is ignored, as gitcredentials(7) asks for; a person
 * is told of the mistake. */
gboolean
ta_command_credential (int argc, char **argv, GError **error)
{
  const char *const actions[] = { "get", "store", "erase", NULL };
  g_auto (GStrv) arguments = NULL;
  const char *action;

  if (!parse (&arguments, argc, argv, error))
    return FALSE;
  action = arguments != NULL && arguments[1] == NULL ? arguments[0] : "";
  if (g_str_equal (action, "get") || g_str_equal (action, "erase"))
    return serve (g_str_equal (action, "erase"), error);
  if (g_str_equal (action, "store") || (*action != '\0' && !isatty (STDIN_FILENO)))
    return TRUE;
  ta_options_set_action_error (error, action, actions);
  return FALSE;
}

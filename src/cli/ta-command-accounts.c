/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-words.h"
#include "ta-account-list.h"
#include "ta-cli.h"
#include "ta-options.h"
#include "ta-table.h"

#include <glib/gi18n.h>

#define TIMEOUT_MS (30 * 1000)

#define MARK "* "
#define NO_MARK "  "

static gint64
get_time (GVariant *account, const char *property)
{
  gint64 value = 0;

  g_variant_lookup (account, property, "x", &value);
  return value;
}

/* (nullable) */
static char **
get_words (GVariant *account, const char *property)
{
  char **words = NULL;

  g_variant_lookup (account, property, "^as", &words);
  return words;
}

/* The scopes that were asked for and not granted. */
static char **
find_missing (GVariant *account)
{
  g_auto (GStrv) granted = get_words (account, "Scopes");
  g_auto (GStrv) requested = get_words (account, "RequestedScopes");

  if (granted == NULL || requested == NULL)
    return g_new0 (char *, 1);
  return ta_words_without ((const char *const *) requested, (const char *const *) granted);
}

static void
add_words (JsonBuilder *builder, const char *name, char **words)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; words != NULL && words[i] != NULL; i++)
    json_builder_add_string_value (builder, words[i]);
  json_builder_end_array (builder);
}

static void
add_json (JsonBuilder *builder, GVariant *account, gboolean is_default_account)
{
  g_auto (GStrv) scopes = get_words (account, "Scopes");
  g_auto (GStrv) requested = get_words (account, "RequestedScopes");
  g_auto (GStrv) missing = find_missing (account);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "id");
  json_builder_add_string_value (builder, ta_account_list_get_string (account, "Id"));
  json_builder_set_member_name (builder, "provider");
  json_builder_add_string_value (builder, ta_account_list_get_string (account, "Provider"));
  json_builder_set_member_name (builder, "state");
  json_builder_add_string_value (builder, ta_account_list_get_string (account, "State"));
  add_words (builder, "scopes", scopes);
  add_words (builder, "requested_scopes", requested);
  add_words (builder, "missing_scopes", missing);
  json_builder_set_member_name (builder, "expires_at");
  json_builder_add_int_value (builder, get_time (account, "ExpiresAt"));
  json_builder_set_member_name (builder, "signed_in_at");
  json_builder_add_int_value (builder, get_time (account, "SignedInAt"));
  json_builder_set_member_name (builder, "refreshed_at");
  json_builder_add_int_value (builder, get_time (account, "RefreshedAt"));
  json_builder_set_member_name (builder, "default");
  json_builder_add_boolean_value (builder, is_default_account);
  json_builder_end_object (builder);
}

static gboolean
print_json (GPtrArray *accounts, const char *default_account, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_array (builder);
  for (guint i = 0; i < accounts->len; i++)
    add_json (builder, accounts->pdata[i],
              ta_account_list_is_default (accounts->pdata[i], accounts, default_account));
  json_builder_end_array (builder);
  return ta_cli_print_json (builder, error);
}

static char *
format_time (gint64 seconds)
{
  g_autoptr (GDateTime) time = seconds == 0 ? NULL : g_date_time_new_from_unix_local (seconds);

  return time == NULL ? g_strdup (_ ("unknown")) : g_date_time_format (time, "%F %R");
}

/* A sentence for each account that was granted less than was asked for. */
static gboolean
print_missing (GPtrArray *accounts, GError **error)
{
  for (guint i = 0; i < accounts->len; i++)
    {
      g_auto (GStrv) missing = find_missing (accounts->pdata[i]);
      g_autofree char *joined = g_strjoinv (" ", missing);

      if (*joined != '\0'
          && !ta_cli_print (error, _ ("%s: asked for but not granted: %s"),
                            ta_account_list_get_string (accounts->pdata[i], "Id"), joined))
        return FALSE;
    }
  return TRUE;
}

static gboolean
print_table (GPtrArray *accounts, const char *default_account, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  g_autofree char *title = g_strconcat (NO_MARK, _ ("ACCOUNT"), NULL);
  const char *titles[] = { title, _ ("PROVIDER"), _ ("STATE"), _ ("EXPIRES"), NULL };

  if (accounts->len == 0)
    {
      ta_cli_warn (_ ("No accounts yet: sign in with tidio-auth sign-in"));
      return TRUE;
    }
  for (guint i = 0; i < accounts->len; i++)
    {
      GVariant *account = accounts->pdata[i];
      gboolean is_marked = ta_account_list_is_default (account, accounts, default_account);
      g_autofree char *id = g_strconcat (is_marked ? MARK : NO_MARK,
                                         ta_account_list_get_string (account, "Id"), NULL);
      g_autofree char *expires = format_time (get_time (account, "ExpiresAt"));
      const char *row[] = { id, ta_account_list_get_string (account, "Provider"),
                            ta_account_list_get_string (account, "State"), expires, NULL };

      g_ptr_array_add (rows, g_strdupv ((char **) row));
    }
  return ta_table_print (titles, rows, error) && print_missing (accounts, error);
}

gboolean
ta_command_accounts (int argc, char **argv, GError **error)
{
  g_auto (GStrv) arguments = NULL;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("Print a JSON array"), NULL },
    { G_OPTION_REMAINING, 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING_ARRAY, &arguments, NULL,
      NULL },
    { NULL },
  };
  g_autoptr (TaDBusAuth) auth = NULL;
  g_autoptr (GPtrArray) accounts = NULL;
  g_autofree char *default_account = NULL;

  if (!ta_options_parse (_ ("Lists the accounts; * marks the default.\n\n"
                            "Example: tidio-auth accounts --json"),
                         entries, argc, argv, error))
    return FALSE;
  if (!ta_options_check_none (arguments, error))
    return FALSE;
  auth = ta_bus_connect (TIMEOUT_MS, error);
  accounts = auth == NULL ? NULL : ta_account_list_load (auth, error);
  default_account = accounts == NULL ? NULL : ta_bus_get_default_account (auth, error);
  if (default_account == NULL
      || (accounts->len == 0 && !ta_account_list_check_storage (auth, error)))
    return FALSE;
  return json ? print_json (accounts, default_account, error)
              : print_table (accounts, default_account, error);
}

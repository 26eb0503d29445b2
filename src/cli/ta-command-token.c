/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-secret.h"
#include "ta-cli.h"
#include "ta-options.h"
#include "ta-token-fetch.h"

#include <glib/gi18n.h>
#include <unistd.h>

typedef struct
{
  TaTokenFetch wish;
  gboolean header;
  gboolean json;
  gboolean show;
} Options;

static gboolean
parse (Options *options, int argc, char **argv, GError **error)
{
  GOptionEntry entries[] = {
    { NULL },
    { NULL },
    { "header", 0, 0, G_OPTION_ARG_NONE, &options->header,
      N_ ("Print an Authorization header line"), NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json,
      N_ ("Print a JSON object with the token's properties"), NULL },
    { "show", 0, 0, G_OPTION_ARG_NONE, &options->show, N_ ("Print the token even to a terminal"),
      NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->wish.arguments, NULL,
      N_ ("[ACCOUNT]") },
    { NULL },
  };

  ta_token_fetch_fill_entries (&options->wish, entries);
  return ta_options_parse (
      _ ("Prints an access token that is valid now, and nothing else.\n\n"
         "Example: tidio-auth token --header | curl -H @- https://api.tidio.com/v1/contacts"),
      entries, argc, argv, error);
}

static gboolean
print_json (const char *token, gint64 expires_at, GVariant *details, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree const char **scopes = NULL;
  gboolean degraded = FALSE;

  g_variant_lookup (details, "scopes", "^a&s", &scopes);
  g_variant_lookup (details, "degraded", "b", &degraded);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "access_token");
  json_builder_add_string_value (builder, token);
  json_builder_set_member_name (builder, "token_type");
  json_builder_add_string_value (builder, ta_token_fetch_get_type (details));
  json_builder_set_member_name (builder, "expires_at");
  json_builder_add_int_value (builder, expires_at);
  json_builder_set_member_name (builder, "scopes");
  json_builder_begin_array (builder);
  for (guint i = 0; scopes != NULL && scopes[i] != NULL; i++)
    json_builder_add_string_value (builder, scopes[i]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "degraded");
  json_builder_add_boolean_value (builder, degraded);
  json_builder_end_object (builder);
  return ta_cli_print_json (builder, error);
}

static gboolean
check (const Options *options, GError **error)
{
  if (options->header && options->json)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("--header and --json exclude each other"));
  else if (isatty (STDOUT_FILENO) && !options->show)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("A token is not printed to a terminal without --show"));
  else
    return TRUE;
  return FALSE;
}

static gboolean
run (const Options *options, GError **error)
{
  g_autoptr (GVariant) details = NULL;
  gint64 expires_at = 0;
  g_autoptr (TaSecretString) token
      = ta_token_fetch_run (&options->wish, &expires_at, &details, error);

  if (token == NULL)
    return FALSE;
  if (options->json)
    return print_json (token, expires_at, details, error);
  ta_token_fetch_warn (details);
  if (options->header)
    return ta_cli_print (error, "Authorization: %s %s", ta_token_fetch_get_type (details), token);
  return ta_cli_print (error, "%s", token);
}

gboolean
ta_command_token (int argc, char **argv, GError **error)
{
  Options options = { 0 };
  gboolean ok
      = parse (&options, argc, argv, error) && check (&options, error) && run (&options, error);

  ta_token_fetch_clear (&options.wish);
  return ok;
}

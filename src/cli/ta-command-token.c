/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-secret.h"
#include "ta-bus.h"
#include "ta-cli.h"
#include "ta-options.h"

#include <glib/gi18n.h>
#include <unistd.h>

/* The broker answers within 60 seconds. */
#define TIMEOUT_MS (65 * 1000)
#define MIN_VALIDITY_MAX 86400

typedef struct
{
  char **arguments;   /* (owned) (nullable) */
  char *min_validity; /* (owned) (nullable) */
  gboolean interactive;
  gboolean header;
  gboolean json;
  gboolean show;
} Options;

static void
clear_options (Options *options)
{
  g_strfreev (options->arguments);
  g_free (options->min_validity);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, clear_options)

static gboolean
parse (Options *options, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "min-validity", 0, 0, G_OPTION_ARG_STRING, &options->min_validity,
      N_ ("How long the token must still be valid"), N_ ("SECONDS") },
    { "interactive", 0, 0, G_OPTION_ARG_NONE, &options->interactive,
      N_ ("Sign in or unlock the keyring if need be"), NULL },
    { "header", 0, 0, G_OPTION_ARG_NONE, &options->header,
      N_ ("Print an Authorization header line"), NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json,
      N_ ("Print a JSON object with the token's properties"), NULL },
    { "show", 0, 0, G_OPTION_ARG_NONE, &options->show, N_ ("Print the token even to a terminal"),
      NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->arguments, NULL,
      N_ ("[ACCOUNT]") },
    { NULL },
  };

  return ta_options_parse (
      _ ("Prints an access token that is valid now, and nothing else.\n\n"
         "Example: curl -H \"$(tidio-auth token --header)\" https://api.tidio.com/v1/contacts"),
      entries, argc, argv, error);
}

static GVariant *
build_request (const Options *options, GError **error)
{
  g_auto (GVariantBuilder) request = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  guint min_validity = 0;

  if (options->min_validity != NULL)
    {
      if (!ta_options_get_seconds ("--min-validity", options->min_validity, 0, MIN_VALIDITY_MAX,
                                   &min_validity, error))
        return NULL;
      g_variant_builder_add (&request, "{sv}", "min-validity", g_variant_new_uint32 (min_validity));
    }
  if (options->interactive)
    g_variant_builder_add (&request, "{sv}", "interactive", g_variant_new_boolean (TRUE));
  return g_variant_ref_sink (g_variant_builder_end (&request));
}

static const char *
get_type (GVariant *details)
{
  const char *type = "Bearer";

  g_variant_lookup (details, "type", "&s", &type);
  return type;
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
  json_builder_add_string_value (builder, get_type (details));
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

static void
warn (GVariant *details)
{
  gboolean degraded = FALSE;

  g_variant_lookup (details, "degraded", "b", &degraded);
  if (degraded)
    ta_cli_warn (_ ("The token could not be refreshed just now: it is valid for less time than "
                    "asked"));
  if (g_str_equal (get_type (details), "DPoP"))
    ta_cli_warn (_ ("The token is bound to a key that stays in the broker: use tidio-auth call"));
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

gboolean
ta_command_token (int argc, char **argv, GError **error)
{
  g_auto (Options) options = { 0 };
  g_autoptr (TaDBusAuth) auth = NULL;
  g_autoptr (GVariant) request = NULL;
  g_autoptr (GVariant) details = NULL;
  g_autoptr (TaSecretString) token = NULL;
  const char *account;
  gint64 expires_at = 0;

  if (!parse (&options, argc, argv, error) || !check (&options, error))
    return FALSE;
  account = ta_options_get_account (options.arguments, error);
  request = account == NULL ? NULL : build_request (&options, error);
  if (request == NULL)
    return FALSE;
  auth = ta_bus_connect (options.interactive ? G_MAXINT : TIMEOUT_MS, error);
  if (auth == NULL
      || !ta_dbus_auth_call_get_token_sync (auth, account, request, &token, &expires_at, &details,
                                            NULL, error))
    return FALSE;
  if (options.json)
    return print_json (token, expires_at, details, error);
  warn (details);
  if (options.header)
    return ta_cli_print (error, "Authorization: %s %s", get_type (details), token);
  return ta_cli_print (error, "%s", token);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-application.h"
#include "base/ta-grants.h"
#include "ta-app-list.h"
#include "ta-bus.h"
#include "ta-cli.h"
#include "ta-default.h"
#include "ta-options.h"
#include "ta-permissions.h"

#include <glib/gi18n.h>
#include <string.h>

#define HOST "host/"
#define NAME_MAX_LENGTH (strlen (HOST) + TA_APPLICATION_ID_MAX)

typedef struct
{
  char **arguments; /* (owned) (nullable) */
  char **calls;     /* (owned) (nullable) */
  gboolean token;
  gboolean json;
} Options;

static void
clear_options (Options *options)
{
  g_strfreev (options->arguments);
  g_strfreev (options->calls);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, clear_options)

/* What the options say, or all calls if they say nothing. */
static gboolean
allow (GDBusConnection *bus, const char *application, const char *account, const Options *options,
       GError **error)
{
  g_autoptr (GPtrArray) permissions = g_ptr_array_new ();
  g_autofree char *joined = NULL;

  for (gsize i = 0; options->calls != NULL && options->calls[i] != NULL; i++)
    g_ptr_array_add (permissions, options->calls[i]);
  if (options->token)
    g_ptr_array_add (permissions, (char *) TA_GRANTS_TOKEN);
  if (permissions->len == 0)
    g_ptr_array_add (permissions, (char *) TA_GRANTS_ALL_CALLS);
  g_ptr_array_add (permissions, NULL);
  joined = g_strjoinv (", ", (char **) permissions->pdata);
  return ta_permissions_save (bus, account, application, (const char *const *) permissions->pdata,
                              error)
         && ta_cli_print (error, _ ("%s may do this with the account %s: %s"), application, account,
                          joined);
}

static gboolean
deny (GDBusConnection *bus, const char *application, const char *account, GError **error)
{
  const char *const permissions[] = { TA_GRANTS_DENY, NULL };

  return ta_permissions_save (bus, account, application, permissions, error)
         && ta_cli_print (error, _ ("%s may do nothing with the account %s."), application,
                          account);
}

static gboolean
forget (GDBusConnection *bus, const char *application, const char *account, GError **error)
{
  return ta_permissions_forget (bus, account, application, error)
         && ta_cli_print (error, _ ("What %s may do with the account %s is forgotten."),
                          application, account);
}

static gboolean
set_usage_error (GError **error, const char *sentence)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, sentence);
  return FALSE;
}

/* Whether it has nothing that a terminal would act upon: what was granted to a name that no
 * application can have must still be forgotten. */
static gboolean
is_word (const char *text)
{
  gsize length = strlen (text);

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (text[i]))
      return FALSE;
  return length > 0 && length <= NAME_MAX_LENGTH;
}

/* Whether an application can have that name. */
static gboolean
is_name (const char *text)
{
  const char *program = text + strlen (HOST);

  if (!g_str_has_prefix (text, HOST))
    return ta_application_is_sandboxed_id (text);
  return is_word (text) && *program != '\0' && strchr (program, '/') == NULL;
}

static gboolean
is_account (const char *text)
{
  gsize length = strspn (text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._@-");

  return g_ascii_isalnum (*text) && text[length] == '\0' && length <= 64;
}

static gboolean
check_calls (char **calls, GError **error)
{
  for (gsize i = 0; calls != NULL && calls[i] != NULL; i++)
    if (strchr (calls[i], ' ') == NULL || !ta_grants_is_permission (calls[i]))
      return set_usage_error (error, _ ("--call must be a method or *, a space and a path, which "
                                        "may end in *, as in 'GET /contacts/*'"));
  return TRUE;
}

static gboolean
check (const Options *options, GError **error)
{
  char **arguments = options->arguments;
  const char *const actions[] = { "list", "allow", "deny", "forget", NULL };
  gboolean is_list = arguments != NULL && g_str_equal (arguments[0], "list");
  gboolean is_forget = arguments != NULL && g_str_equal (arguments[0], "forget");
  guint count = arguments == NULL ? 0 : g_strv_length (arguments);

  if (count == 0 || !g_strv_contains (actions, arguments[0]))
    {
      ta_options_set_action_error (error, count == 0 ? "" : arguments[0], actions);
      return FALSE;
    }
  if (options->json && !is_list)
    return set_usage_error (error, _ ("--json goes with list only"));
  if ((options->token || options->calls != NULL) && !g_str_equal (arguments[0], "allow"))
    return set_usage_error (error, _ ("--token and --call go with allow only"));
  if (is_list && count > 1)
    return set_usage_error (error, _ ("list takes no arguments"));
  if (!is_list && (count < 2 || count > 3))
    return set_usage_error (error, _ ("An application must be given, and at most one account"));
  if (!is_list && !(is_forget ? is_word (arguments[1]) : is_name (arguments[1])))
    return set_usage_error (error, _ ("The application must be an id such as org.example.App or "
                                      "snap.NAME, or host/ and the name of a program"));
  if (count == 3 && *arguments[2] != '\0' && !is_account (arguments[2]))
    return set_usage_error (error, _ ("The account must be an id such as work"));
  return check_calls (options->calls, error);
}

static gboolean
parse (Options *options, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "call", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->calls,
      N_ ("For allow: these API calls only; may be repeated"), N_ ("'METHOD /PATH*'") },
    { "token", 0, 0, G_OPTION_ARG_NONE, &options->token,
      N_ ("For allow: access tokens, with which all can be done"), NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, N_ ("For list: print a JSON array"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->arguments, NULL,
      N_ ("list | allow|deny|forget APP [ACCOUNT]") },
    { NULL },
  };

  return ta_options_parse (
      _ ("Lists and sets what sandboxed applications may do with your accounts.\n"
         "APP is the id of a Flatpak, snap.NAME, or host/NAME for a program outside a sandbox.\n"
         "allow replaces what was there, and without options allows all API calls; deny refuses\n"
         "everything, forget takes back both. Without ACCOUNT the default one is meant.\n\n"
         "Example: tidio-auth apps allow org.example.App work --call 'GET /contacts*'"),
      entries, argc, argv, error);
}

gboolean
ta_command_apps (int argc, char **argv, GError **error)
{
  g_auto (Options) options = { 0 };
  g_autoptr (GDBusConnection) bus = NULL;
  g_autofree char *account = NULL;
  const char *action;
  const char *application;

  if (!parse (&options, argc, argv, error) || !check (&options, error))
    return FALSE;
  bus = ta_bus_open (error);
  if (bus == NULL)
    return FALSE;
  action = options.arguments[0];
  if (g_str_equal (action, "list"))
    return ta_app_list_print (bus, options.json, error);
  application = options.arguments[1];
  if (options.arguments[2] != NULL && *options.arguments[2] != '\0')
    account = g_strdup (options.arguments[2]);
  else
    account = ta_default_find (error);
  if (account == NULL)
    return FALSE;
  if (g_str_equal (action, "allow"))
    return allow (bus, application, account, &options, error);
  return g_str_equal (action, "deny") ? deny (bus, application, account, error)
                                      : forget (bus, application, account, error);
}

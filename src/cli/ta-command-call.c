/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-command.h"

#include "base/ta-api-errors.h"
#include "ta-bus.h"
#include "ta-cli.h"
#include "ta-options.h"
#include "ta-request.h"
#include "ta-wait.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT 30
#define TIMEOUT_MAX 120

/* How much longer than the API the broker may take. */
#define TIMEOUT_MARGIN 10

typedef struct
{
  char **arguments; /* (owned) (nullable) */
  char **headers;   /* (owned) (nullable) */
  char **data;      /* (owned) (nullable) */
  char *method;     /* (owned) (nullable) */
  char *output;     /* (owned) (nullable) */
  char *seconds;    /* (owned) (nullable) */
  gboolean include;
  gboolean interactive;
  guint timeout;
} Options;

static void
clear_options (Options *options)
{
  g_strfreev (options->arguments);
  g_strfreev (options->headers);
  g_strfreev (options->data);
  g_free (options->method);
  g_free (options->output);
  g_free (options->seconds);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, clear_options)

/* Data and file names are bytes, whatever the locale says. */
static gboolean
parse (Options *options, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "request", 'X', 0, G_OPTION_ARG_STRING, &options->method,
      N_ ("Method, default GET, with data POST"), N_ ("METHOD") },
    { "data", 'd', 0, G_OPTION_ARG_FILENAME_ARRAY, &options->data,
      N_ ("Request body; @FILE reads a file, @- the standard input"), N_ ("DATA") },
    { "header", 'H', 0, G_OPTION_ARG_STRING_ARRAY, &options->headers, N_ ("Request header"),
      N_ ("'NAME: VALUE'") },
    { "include", 'i', 0, G_OPTION_ARG_NONE, &options->include,
      N_ ("Print status and headers before the body"), NULL },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output, N_ ("Write the body to a file"),
      N_ ("FILE") },
    { "interactive", 0, 0, G_OPTION_ARG_NONE, &options->interactive,
      N_ ("Sign in or unlock the keyring if need be"), NULL },
    { "timeout", 0, 0, G_OPTION_ARG_STRING, &options->seconds,
      N_ ("How long to wait for the API, 1 to 120, default 30"), N_ ("SECONDS") },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->arguments, NULL,
      N_ ("[ACCOUNT:]PATH") },
    { NULL },
  };

  return ta_options_parse (
      _ ("Makes an API call with an account's token and prints the answer's body.\n\n"
         "Exit code 0 for a status 2xx or 304, 22 for any other.\n\n"
         "Example: tidio-auth call work:contacts -d '{\"email\":\"ann@example.org\"}'"),
      entries, argc, argv, error);
}

static gboolean
check (Options *options, GError **error)
{
  options->timeout = TIMEOUT_DEFAULT;
  if (!ta_options_get_seconds ("--timeout", options->seconds, 1, TIMEOUT_MAX, &options->timeout,
                               error))
    return FALSE;
  if (options->arguments == NULL || options->arguments[1] != NULL)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("Exactly one path must be given"));
  else if (options->data != NULL && options->data[1] != NULL)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("The request body is given twice"));
  else
    return TRUE;
  return FALSE;
}

static GVariant *
build_request (const Options *options, GError **error)
{
  g_auto (GVariantBuilder) request = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autofree char *content_type = NULL;
  g_autoptr (GVariant) headers = ta_request_parse_headers (options->headers, &content_type, error);

  if (headers == NULL)
    return NULL;
  if (g_variant_n_children (headers) > 0)
    g_variant_builder_add (&request, "{sv}", "headers", headers);
  if (content_type != NULL)
    g_variant_builder_add (&request, "{sv}", "content-type", g_variant_new_string (content_type));
  if (options->interactive)
    g_variant_builder_add (&request, "{sv}", "interactive", g_variant_new_boolean (TRUE));
  if (options->seconds != NULL)
    g_variant_builder_add (&request, "{sv}", "timeout", g_variant_new_uint32 (options->timeout));
  return g_variant_ref_sink (g_variant_builder_end (&request));
}

/* Opened before the call is made, so that a POST is not sent whose answer cannot be kept; emptied
 * only when there is an answer. */
static int
open_output (const char *name, GError **error)
{
  int fd;

  if (name == NULL || g_str_equal (name, "-"))
    return STDOUT_FILENO;
  fd = open (name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0)
    ta_cli_set_file_error (error, errno, _ ("Could not open %s"), name);
  return fd;
}

static gboolean
print_head (guint status, GVariant *details, GError **error)
{
  g_autoptr (GString) head = g_string_new (NULL);
  g_autoptr (GVariantIter) headers = NULL;
  const char *name;
  const char *value;

  g_string_append_printf (head, "HTTP %u\n", status);
  if (g_variant_lookup (details, "headers", "a{ss}", &headers))
    while (g_variant_iter_next (headers, "{&s&s}", &name, &value))
      g_string_append_printf (head, "%s: %s\n", name, value);
  g_string_append_c (head, '\n');
  return ta_cli_write_text (STDOUT_FILENO, head->str, error);
}

static gboolean
write_body (int fd, const char *body, GError **error)
{
  gsize length = strlen (body);

  /* Fails on what is no regular file, which is as well. */
  if (fd != STDOUT_FILENO && ftruncate (fd, 0) != 0 && errno != EINVAL)
    {
      ta_cli_set_file_error (error, errno, _ ("Could not write the output"));
      return FALSE;
    }
  if (!ta_cli_write_text (fd, body, error))
    return FALSE;
  if (length > 0 && body[length - 1] != '\n' && isatty (fd))
    return ta_cli_write (fd, "\n", 1, error);
  return TRUE;
}

/* Names the error that the API gave, if it did so in Tidio's form. */
static void
set_http_error (GError **error, guint status, const char *body)
{
  g_autofree char *description = ta_api_errors_describe (body, strlen (body));

  if (description == NULL)
    g_set_error (error, TA_CLI_ERROR, TA_CLI_ERROR_HTTP, _ ("The API answered HTTP %u"), status);
  else
    g_set_error (error, TA_CLI_ERROR, TA_CLI_ERROR_HTTP, _ ("The API answered HTTP %u: %s"), status,
                 description);
}

static gboolean
print_answer (const Options *options, int fd, guint status, const char *body, GVariant *details,
              GError **error)
{
  gboolean complete = TRUE;

  if (options->include && !print_head (status, details, error))
    return FALSE;
  if (!write_body (fd, body, error))
    return FALSE;
  g_variant_lookup (details, "complete", "b", &complete);
  if (!complete)
    ta_cli_warn (_ ("The connection ended early: the answer may not be whole"));
  if ((status >= 200 && status < 300) || status == 304)
    return TRUE;
  set_http_error (error, status, body);
  return FALSE;
}

/* `seconds`: how long the broker may take, unless a user is waited for. */
static gboolean
call (const Options *options, guint seconds, GError **error)
{
  gboolean has_data = options->data != NULL;
  g_autofree char *account = NULL;
  g_autofree char *sent = NULL;
  g_autofree char *body = NULL;
  g_autoptr (GVariant) request = NULL;
  g_autoptr (GVariant) details = NULL;
  g_autoptr (TaDBusAuth) auth = NULL;
  g_auto (TaWait) wait = { 0 };
  const char *method = options->method != NULL ? options->method : has_data ? "POST" : "GET";
  const char *path = NULL;
  guint status = 0;
  gboolean ok;
  int fd;

  if (!ta_request_parse_target (options->arguments[0], &account, &path, error))
    return FALSE;
  request = build_request (options, error);
  if (request == NULL)
    return FALSE;
  sent = ta_request_read_body (has_data ? options->data[0] : "", error);
  if (sent == NULL)
    return FALSE;
  auth = ta_bus_connect (options->interactive ? G_MAXINT : (int) seconds * 1000, error);
  fd = auth == NULL ? -1 : open_output (options->output, error);
  if (fd < 0)
    return FALSE;
  ta_wait_init (&wait, options->interactive, seconds);
  ta_dbus_auth_call_call_api (auth, account, method, path, sent, request, NULL, ta_wait_ready_cb,
                              &wait);
  ok = ta_dbus_auth_call_call_api_finish (auth, &status, &body, &details, ta_wait_run (&wait),
                                          error)
       && print_answer (options, fd, status, body, details, error);
  if (!ok && !options->interactive)
    ta_cli_offer_interactive (error);
  if (fd != STDOUT_FILENO)
    close (fd);
  return ok;
}

gboolean
ta_command_call (int argc, char **argv, GError **error)
{
  g_auto (Options) options = { 0 };

  return parse (&options, argc, argv, error) && check (&options, error)
         && call (&options, options.timeout + TIMEOUT_MARGIN, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-cli.h"

#include "base/ta-error.h"
#include "base/ta-json.h"
#include "base/ta-secret.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* Every command ends with success or with one GError; what the user sees of the error and the exit
 * code are decided here and nowhere else.
 *
 * Results go to stdout through write(2): no stdio buffer keeps a copy of a token, and a full disk
 * is noticed. Everything else goes to stderr. */

enum
{
  EXIT_CODE_OK = 0,
  EXIT_CODE_FAILED = 1,
  EXIT_CODE_USAGE = 2,
  EXIT_CODE_USER_NEEDED = 3,
  EXIT_CODE_NOT_NOW = 4,
  EXIT_CODE_NOT_ALLOWED = 5,
  EXIT_CODE_HTTP = 22,
  EXIT_CODE_CANNOT_RUN = 126, /* as env(1) has it, and the next */
  EXIT_CODE_NO_COMMAND = 127,
};

/* clang-format off */
G_DEFINE_QUARK (ta-cli-error-quark, ta_cli_error)
/* clang-format on */

static int
get_own_exit_code (TaCliError code)
{
  switch (code)
    {
    case TA_CLI_ERROR_HTTP:
      return EXIT_CODE_HTTP;
    case TA_CLI_ERROR_CANNOT_RUN:
      return EXIT_CODE_CANNOT_RUN;
    case TA_CLI_ERROR_NO_COMMAND:
      return EXIT_CODE_NO_COMMAND;
    }
  g_return_val_if_reached (EXIT_CODE_FAILED);
}

static gboolean
is_usage (const GError *error)
{
  return error->domain == G_OPTION_ERROR || error->domain == G_CONVERT_ERROR;
}

static gboolean
is_unanswered (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMED_OUT)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static gboolean
is_unreachable (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)
         || (error->domain == G_DBUS_ERROR && error->code >= G_DBUS_ERROR_SPAWN_EXEC_FAILED
             && error->code <= G_DBUS_ERROR_SPAWN_NO_MEMORY);
}

/* Whether a call was cancelled here, and not by an answer of that name. */
gboolean
ta_cli_is_given_up (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
         && !g_dbus_error_is_remote_error (error);
}

/* `error` (nullable): NULL is success. */
int
ta_cli_get_exit_code (const GError *error)
{
  if (error == NULL)
    return EXIT_CODE_OK;
  if (error->domain == TA_CLI_ERROR)
    return get_own_exit_code ((TaCliError) error->code);
  if (is_usage (error) || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS))
    return EXIT_CODE_USAGE;
  if (ta_error_needs_user (error))
    return EXIT_CODE_USER_NEEDED;
  if (ta_error_is_transient (error) || is_unanswered (error))
    return EXIT_CODE_NOT_NOW;
  if (g_error_matches (error, TA_ERROR, TA_ERROR_NOT_AUTHORIZED)
      || g_error_matches (error, TA_ERROR, TA_ERROR_PATH_NOT_ALLOWED)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED))
    return EXIT_CODE_NOT_ALLOWED;
  return EXIT_CODE_FAILED;
}

/* Text may come from another program: it must not move the terminal's cursor about. */
char *
ta_cli_make_printable (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *printable = g_string_new (NULL);

  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    g_string_append_unichar (printable,
                             g_unichar_iscntrl (g_utf8_get_char (c)) ? '?' : g_utf8_get_char (c));
  return g_string_free (printable, FALSE);
}

void
ta_cli_warn (const char *sentence)
{
  g_autofree char *printable = ta_cli_make_printable (sentence);

  g_printerr ("tidio-auth: %s\n", printable);
}

/* What to tell the user of an error. */
char *
ta_cli_describe (const GError *error)
{
  g_autoptr (GError) local = g_error_copy (error);

  g_dbus_error_strip_remote_error (local);
  if (is_unreachable (error))
    return g_strdup (_ ("The broker org.tidio.Auth cannot be started: check that Tidio Auth is "
                        "installed and see journalctl --user -u tidio-auth.service"));
  if (is_unanswered (error))
    return g_strdup (_ ("The broker did not answer: try again"));
  if (is_usage (error))
    return g_strdup_printf (_ ("%s; see %s --help"), local->message, g_get_prgname ());
  return g_strdup (local->message);
}

/* Says how else to come to what failed, of a command that was run without --interactive. */
void
ta_cli_offer_interactive (GError **error)
{
  g_autofree char *message = NULL;

  if (!g_error_matches (*error, TA_ERROR, TA_ERROR_STORAGE_LOCKED)
      && !g_error_matches (*error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED))
    return;
  message = g_steal_pointer (&(*error)->message);
  (*error)->message = g_strdup_printf (_ ("%s, or run this with --interactive"), message);
}

void
ta_cli_report (const GError *error)
{
  g_autofree char *sentence = ta_cli_describe (error);

  ta_cli_warn (sentence);
}

/* Whether a browser could show up before the user. */
gboolean
ta_cli_has_display (void)
{
  const char *const variables[] = { "DISPLAY", "WAYLAND_DISPLAY", "BROWSER", NULL };
  gboolean has_display = FALSE;

  for (int i = 0; variables[i] != NULL; i++)
    {
      const char *value = g_getenv (variables[i]);

      has_display = has_display || (value != NULL && *value != '\0');
    }
  return has_display;
}

/* See https://no-color.org. */
gboolean
ta_cli_may_color (int fd)
{
  const char *refusal = g_getenv ("NO_COLOR");

  return isatty (fd) && (refusal == NULL || *refusal == '\0')
         && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

/* The formatted text says what could not be done; why, is what `code`, an errno, says. */
void
ta_cli_set_file_error (GError **error, int code, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list arguments;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (code), "%s: %s", what,
               g_strerror (code));
}

gboolean
ta_cli_write (int fd, const char *data, gsize length, GError **error)
{
  while (length > 0)
    {
      gssize written = write (fd, data, length);

      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        {
          ta_cli_set_file_error (error, errno, _ ("Could not write the output"));
          return FALSE;
        }
      data += written;
      length -= (gsize) written;
    }
  return TRUE;
}

/* Text from outside (UTF-8), as it is; only what a terminal might take for a command becomes U+FFFD
 * on one. */
gboolean
ta_cli_write_text (int fd, const char *text, GError **error)
{
  g_autoptr (GString) shown = NULL;

  if (!isatty (fd))
    return ta_cli_write (fd, text, strlen (text), error);
  shown = g_string_new (NULL);
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      gboolean is_layout = c == '\n' || c == '\t' || (c == '\r' && at[1] == '\n');

      g_string_append_unichar (shown, g_unichar_iscntrl (c) && !is_layout ? 0xfffd : c);
    }
  return ta_cli_write (fd, shown->str, shown->len, error);
}

/* Prints one line to stdout, in the locale's encoding. */
gboolean
ta_cli_print (GError **error, const char *format, ...)
{
  g_autoptr (TaSecretString) text = NULL;
  g_autoptr (TaSecretString) encoded = NULL;
  const char *line;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  encoded = g_locale_from_utf8 (text, -1, NULL, NULL, NULL);
  line = encoded != NULL ? encoded : text;
  return ta_cli_write (STDOUT_FILENO, line, strlen (line), error)
         && ta_cli_write (STDOUT_FILENO, "\n", 1, error);
}

static gboolean
print_json (JsonBuilder *builder, gboolean is_pretty, GError **error)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autoptr (TaSecretString) text = ta_json_print (root, is_pretty);

  return ta_cli_write (STDOUT_FILENO, text, strlen (text), error)
         && ta_cli_write (STDOUT_FILENO, "\n", 1, error);
}

gboolean
ta_cli_print_json (JsonBuilder *builder, GError **error)
{
  return print_json (builder, TRUE, error);
}

gboolean
ta_cli_print_json_line (JsonBuilder *builder, GError **error)
{
  return print_json (builder, FALSE, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-options.h"

#include <glib/gi18n.h>

#define DEFAULT_PORT 8700

/* The words as they were typed. */
typedef struct
{
  gboolean version;
  int port;
  gint64 lifetime;
  gint64 delay;
  gboolean deny;
  gboolean auto_allow;
  char *rotation;  /* (owned) (nullable) */
  char **failures; /* (owned) (nullable) */
} Words;

static void
clear_words (Words *words)
{
  g_free (words->rotation);
  g_strfreev (words->failures);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Words, clear_words)

static GOptionContext *
context_new (Words *words)
{
  const GOptionEntry entries[] = {
    { "port", 0, 0, G_OPTION_ARG_INT, &words->port,
      N_ ("Port to listen on, 0 for any that is free (default: 8700)"), N_ ("N") },
    { "lifetime", 0, 0, G_OPTION_ARG_INT64, &words->lifetime,
      N_ ("Lifetime of access tokens; 0: leave out expires_in (default: 3600)"), N_ ("SECONDS") },
    { "rotation", 0, 0, G_OPTION_ARG_STRING, &words->rotation,
      N_ ("Whether each refresh gives a new refresh token; grace: the old one works until the new "
          "one is used (default: on)"),
      "on|off|grace" },
    { "deny", 0, 0, G_OPTION_ARG_NONE, &words->deny,
      N_ ("Deny each authorization at once, without a page"), NULL },
    { "auto-allow", 0, 0, G_OPTION_ARG_NONE, &words->auto_allow,
      N_ ("Allow each authorization at once, without a page"), NULL },
    { "delay", 0, 0, G_OPTION_ARG_INT64, &words->delay,
      N_ ("Hold back each token and API answer (default: 0)"), N_ ("MILLISECONDS") },
    { "fail", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words->failures,
      N_ ("Let token, api or revoke answer with this HTTP status, COUNT times or always; "
          "may be given for each"),
      N_ ("ENDPOINT=STATUS[:COUNT]") },
    { "version", 0, 0, G_OPTION_ARG_NONE, &words->version, N_ ("Print the version and exit"),
      NULL },
    { NULL },
  };
  GOptionContext *context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_summary (
      context, _ ("A Tidio stand-in on this machine, to try applications and to test them: an\n"
                  "authorize page, token and revocation endpoints and a small API. It keeps\n"
                  "everything in memory and listens on loopback addresses only."));
  g_option_context_set_description (
      context,
      _ ("Clients: sandbox-public (no secret, PKCE required) and sandbox-client (secret\n"
         "sandbox-secret). Redirect URIs: http on a loopback host, any port, /callback.\n"
         "Settings can be changed while it runs: POST JSON to /control; GET shows the counters."
         "\n"));
  return context;
}

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, sentence);
  return FALSE;
}

static gboolean
take_failures (TaSandboxSettings *settings, char **failures, GError **error)
{
  for (int i = 0; failures != NULL && failures[i] != NULL; i++)
    {
      g_autoptr (TaSandboxFailure) failure = ta_sandbox_failure_parse (failures[i]);

      if (failure == NULL)
        return refuse (error, _ ("--fail must be token, api or revoke, \"=\", a status from 200 to "
                                 "599 and perhaps \":\" and a count"));
      ta_sandbox_settings_set_failure (settings, failure);
    }
  return TRUE;
}

static gboolean
take_rotation (TaSandboxSettings *settings, const char *word)
{
  if (word == NULL || g_str_equal (word, "on"))
    settings->rotation = TA_SANDBOX_ROTATION_ON;
  else if (g_str_equal (word, "off"))
    settings->rotation = TA_SANDBOX_ROTATION_OFF;
  else if (g_str_equal (word, "grace"))
    settings->rotation = TA_SANDBOX_ROTATION_GRACE;
  else
    return FALSE;
  return TRUE;
}

static gboolean
take_words (TaSandboxOptions *self, const Words *words, GError **error)
{
  TaSandboxSettings *settings = &self->settings;

  if (words->port < 0 || words->port > G_MAXUINT16)
    return refuse (error, _ ("--port must be from 0 to 65535"));
  if (words->lifetime < 0 || words->lifetime > TA_SANDBOX_SETTINGS_MAX_LIFETIME)
    return refuse (error, _ ("--lifetime must be from 0 seconds to ten years"));
  if (words->delay < 0 || words->delay > TA_SANDBOX_SETTINGS_MAX_DELAY)
    return refuse (error, _ ("--delay must be from 0 milliseconds to ten minutes"));
  if (!take_rotation (settings, words->rotation))
    return refuse (error, _ ("--rotation must be on, off or grace"));
  if (words->deny && words->auto_allow)
    return refuse (error, _ ("--deny and --auto-allow contradict each other"));
  self->version = words->version;
  self->port = (guint16) words->port;
  settings->lifetime = words->lifetime;
  settings->delay = words->delay;
  settings->deny = words->deny;
  settings->auto_allow = words->auto_allow;
  return take_failures (settings, words->failures, error);
}

/* `arguments` is NULL-terminated and starts with the program's name; --help prints and exits.
 * Errors: G_OPTION_ERROR, a translated sentence. */
gboolean
ta_sandbox_options_parse (TaSandboxOptions *self, char **arguments, GError **error)
{
  g_auto (Words) words = { .port = DEFAULT_PORT, .lifetime = 3600 };
  g_auto (GStrv) rest = g_strdupv (arguments);
  g_autoptr (GOptionContext) context = context_new (&words);

  ta_sandbox_settings_init (&self->settings);
  if (!g_option_context_parse_strv (context, &rest, error))
    return FALSE;
  if (g_strv_length (rest) > 1)
    return refuse (error, _ ("There are only options, no other arguments"));
  return take_words (self, &words, error);
}

void
ta_sandbox_options_clear (TaSandboxOptions *self)
{
  ta_sandbox_settings_clear (&self->settings);
}

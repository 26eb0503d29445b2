/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-token-fetch.h"

#include "ta-cli.h"
#include "ta-options.h"
#include "ta-wait.h"

#include <glib/gi18n.h>

/* Asking the broker for a token, for the commands that hand one on. */

/* The broker answers within 60 seconds. */
#define TIMEOUT 65
#define MIN_VALIDITY_MAX 86400

/* The options that all of these commands have. */
void
ta_token_fetch_fill_entries (TaTokenFetch *self, GOptionEntry *entries)
{
  const GOptionEntry common[TA_TOKEN_FETCH_N_ENTRIES] = {
    { "min-validity", 0, 0, G_OPTION_ARG_STRING, &self->min_validity,
      N_ ("How long the token must still be valid"), N_ ("SECONDS") },
    { "interactive", 0, 0, G_OPTION_ARG_NONE, &self->interactive,
      N_ ("Sign in or unlock the keyring if need be"), NULL },
  };

  for (int i = 0; i < TA_TOKEN_FETCH_N_ENTRIES; i++)
    entries[i] = common[i];
}

static GVariant *
build_request (const TaTokenFetch *self, GError **error)
{
  g_auto (GVariantBuilder) request = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  guint min_validity = 0;

  if (!ta_options_get_seconds ("--min-validity", self->min_validity, 0, MIN_VALIDITY_MAX,
                               &min_validity, error))
    return NULL;
  if (self->min_validity != NULL)
    g_variant_builder_add (&request, "{sv}", "min-validity", g_variant_new_uint32 (min_validity));
  if (self->interactive)
    g_variant_builder_add (&request, "{sv}", "interactive", g_variant_new_boolean (TRUE));
  return g_variant_ref_sink (g_variant_builder_end (&request));
}

/* (transfer full): the token, to be wiped. */
char *
ta_token_fetch_run (const TaTokenFetch *self, gint64 *expires_at, GVariant **details,
                    GError **error)
{
  const char *account = ta_options_get_account (self->arguments, error);
  g_autoptr (GVariant) request = account == NULL ? NULL : build_request (self, error);
  g_autoptr (TaDBusAuth) auth = NULL;
  g_auto (TaWait) wait = { 0 };
  char *token = NULL;

  if (request != NULL)
    auth = ta_bus_connect (self->interactive ? G_MAXINT : TIMEOUT * 1000, error);
  if (auth == NULL)
    return NULL;
  ta_wait_init (&wait, self->interactive, TIMEOUT);
  ta_dbus_auth_call_get_token (auth, account, request, NULL, ta_wait_ready_cb, &wait);
  if (!ta_dbus_auth_call_get_token_finish (auth, &token, expires_at, details, ta_wait_run (&wait),
                                           error))
    {
      if (!self->interactive)
        ta_cli_offer_interactive (error);
      return NULL;
    }
  return token;
}

/* Owned by `details`. */
const char *
ta_token_fetch_get_type (GVariant *details)
{
  const char *type = "Bearer";

  g_variant_lookup (details, "type", "&s", &type);
  return type;
}

/* Says what is not as good as it could be. */
void
ta_token_fetch_warn (GVariant *details)
{
  gboolean degraded = FALSE;

  g_variant_lookup (details, "degraded", "b", &degraded);
  if (degraded)
    ta_cli_warn (_ ("The token could not be refreshed just now: it is valid for less time than "
                    "asked"));
  if (g_str_equal (ta_token_fetch_get_type (details), "DPoP"))
    ta_cli_warn (_ ("The token is bound to a key that stays in the broker: use tidio-auth call"));
}

void
ta_token_fetch_clear (TaTokenFetch *self)
{
  g_strfreev (self->arguments);
  g_free (self->min_validity);
}

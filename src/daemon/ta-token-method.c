/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-token-method.h"

#include "broker/ta-get-token.h"
#include "daemon/ta-caller.h"
#include "daemon/ta-options.h"
#include "daemon/ta-reply.h"
#include "ta-dbus.h"

#define TIMEOUT 60
#define MIN_VALIDITY_MAX 86400

static void
get_token_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = ta_caller_free (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaTokenAnswer) answer
      = ta_get_token_finish (TA_ACCOUNTS (source), result, NULL, &error);
  GVariantDict details;

  if (answer == NULL)
    {
      ta_reply_error (invocation, error);
      return;
    }
  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert (&details, "type", "s", answer->token->type);
  g_variant_dict_insert (&details, "scopes", "^as", answer->token->scopes);
  g_variant_dict_insert (&details, "degraded", "b", answer->degraded);
  ta_dbus_auth_complete_get_token (g_dbus_method_invocation_get_user_data (invocation), invocation,
                                   ta_secret_peek (answer->token->access_token),
                                   answer->token->expires_at, g_variant_dict_end (&details));
}

static gboolean
read_wish (GVariant *options, TaTokenWish *wish, GError **error)
{
  const TaOption table[] = {
    { "interactive", "b" }, { "timeout", "u" }, { "min-validity", "u" },
    { "rejected", "s" },    { NULL },
  };
  guint32 min_validity = 0;

  if (!ta_options_check (options, table, error))
    return FALSE;
  g_variant_lookup (options, "interactive", "b", &wish->interactive);
  wish->timeout = wish->interactive ? 0 : TIMEOUT;
  g_variant_lookup (options, "rejected", "&s", &wish->rejected);
  if (!ta_options_get_range (options, "min-validity", 0, MIN_VALIDITY_MAX, &min_validity, error))
    return FALSE;
  wish->min_validity = g_variant_lookup (options, "min-validity", "u", &min_validity)
                           ? (gint64) min_validity
                           : TA_TOKEN_DEFAULT_VALIDITY;
  return ta_options_get_range (options, "timeout", TA_OPTIONS_TIMEOUT_MIN, TA_OPTIONS_TIMEOUT_MAX,
                               &wish->timeout, error);
}

/* GetToken. Takes the invocation. */
void
ta_token_method_run (TaAccounts *accounts, TaSignIns *sign_ins, const char *account,
                     GVariant *options, GDBusMethodInvocation *invocation)
{
  TaTokenWish wish = { 0 };
  g_autoptr (GError) error = NULL;
  TaCaller *caller;

  if (!ta_options_check_account (account, &error) || !read_wish (options, &wish, &error))
    {
      ta_reply_error (invocation, error);
      return;
    }
  caller = ta_caller_new (invocation);
  ta_get_token_async (accounts, sign_ins, account, &wish, ta_caller_get_cancellable (caller),
                      get_token_cb, caller);
}

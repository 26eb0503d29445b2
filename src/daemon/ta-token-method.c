/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-token-method.h"

#include "broker/ta-get-token.h"
#include "daemon/ta-options.h"
#include "daemon/ta-reply.h"
#include "ta-dbus.h"

#include <string.h>

#define TIMEOUT 60
#define MIN_VALIDITY_MAX 86400
#define TOKEN_MAX 16384

/* Takes the caller. */
static void
give (TaCaller *caller, const TaTokenAnswer *answer)
{
  GVariantBuilder details;

  g_variant_builder_init (&details, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&details, "{sv}", "type", g_variant_new_string (answer->token->type));
  g_variant_builder_add (&details, "{sv}", "scopes",
                         g_variant_new_strv ((const char *const *) answer->token->scopes, -1));
  g_variant_builder_add (&details, "{sv}", "degraded", g_variant_new_boolean (answer->degraded));
  ta_caller_answer (caller,
                    g_variant_new ("(sxa{sv})", ta_secret_peek (answer->token->access_token),
                                   answer->token->expires_at, &details),
                    "ok");
}

static void
get_token_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TaCaller *caller = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaTokenAnswer) answer
      = ta_get_token_finish (TA_ACCOUNTS (source), result, NULL, &error);

  if (answer == NULL)
    ta_caller_fail (caller, error);
  else
    give (caller, answer);
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
  if (wish->rejected != NULL && strlen (wish->rejected) > TOKEN_MAX)
    {
      g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                           "Option rejected is longer than any token: give the one refused");
      return FALSE;
    }
  if (!ta_options_get_range (options, "min-validity", 0, MIN_VALIDITY_MAX, &min_validity, error))
    return FALSE;
  wish->min_validity = g_variant_lookup (options, "min-validity", "u", &min_validity)
                           ? (gint64) min_validity
                           : TA_TOKEN_DEFAULT_VALIDITY;
  return ta_options_get_range (options, "timeout", TA_OPTIONS_TIMEOUT_MIN, TA_OPTIONS_TIMEOUT_MAX,
                               &wish->timeout, error);
}

typedef struct
{
  TaAccounts *accounts; /* (owned) */
  TaSignIns *sign_ins;  /* (owned) */
  TaTokenWish *wish;    /* (owned) */
} Request;

static void
request_free (Request *request)
{
  g_object_unref (request->accounts);
  g_object_unref (request->sign_ins);
  ta_token_wish_free (request->wish);
  g_free (request);
}

/* A token from memory is given without going through the main loop: two turns of it less, a timer
 * and two tasks, where all else that was checked before and is checked of it is the same. */
static void
get_token (TaCaller *caller, gpointer user_data)
{
  Request *request = user_data;
  g_autoptr (TaTokenAnswer) answer = NULL;

  request->wish->timeout = ta_caller_get_time_left (caller);
  if (request->wish->interactive && !ta_caller_get_errand (caller)->interactive)
    {
      request->wish->interactive = FALSE;
      request->wish->timeout = TIMEOUT;
    }
  answer = ta_get_token_peek (request->accounts, ta_caller_get_errand (caller)->account,
                              request->wish);
  if (answer != NULL)
    give (caller, answer);
  else
    ta_get_token_async (request->accounts, request->sign_ins,
                        ta_caller_get_errand (caller)->account, request->wish,
                        ta_caller_get_cancellable (caller), get_token_cb, caller);
}

/* GetToken. Takes the invocation. */
void
ta_token_method_run (TaAdmission *admission, TaAccounts *accounts, TaSignIns *sign_ins,
                     const char *account, GVariant *options, GDBusMethodInvocation *invocation)
{
  TaTokenWish wish = { 0 };
  TaErrand errand = { .kind = TA_ERRAND_TOKEN };
  g_autoptr (GError) error = NULL;
  Request *request;

  if (!ta_options_check_account (account, &error) || !read_wish (options, &wish, &error))
    {
      ta_reply_error (invocation, error);
      return;
    }
  errand.account = account;
  errand.newcomer = TA_SIGN_INS_DEFAULT_PROVIDER;
  errand.interactive = wish.interactive;
  errand.timeout = wish.timeout;
  request = g_new0 (Request, 1);
  request->accounts = g_object_ref (accounts);
  request->sign_ins = g_object_ref (sign_ins);
  request->wish = ta_token_wish_copy (&wish);
  ta_admission_enter (admission, ta_caller_new (invocation, &errand, get_token, request,
                                                (GDestroyNotify) request_free));
}

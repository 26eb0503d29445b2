/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-out-method.h"

#include "broker/ta-sign-out.h"
#include "daemon/ta-options.h"
#include "daemon/ta-reply.h"

typedef struct
{
  TaAccounts *accounts; /* (owned) */
  TaSignIns *sign_ins;  /* (owned) */
} Request;

static void
request_free (Request *request)
{
  g_object_unref (request->accounts);
  g_object_unref (request->sign_ins);
  g_free (request);
}

static void
sign_out_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TaCaller *caller = user_data;
  g_autoptr (GError) error = NULL;
  gboolean revoked;

  if (ta_sign_out_finish (TA_ACCOUNTS (source), result, &revoked, &error))
    ta_caller_answer (caller, g_variant_new ("(b)", revoked), "ok");
  else
    ta_caller_fail (caller, error);
}

static void
sign_out (TaCaller *caller, gpointer user_data)
{
  Request *request = user_data;

  ta_sign_out_async (request->accounts, request->sign_ins, ta_caller_get_errand (caller)->account,
                     sign_out_cb, caller);
}

/* SignOut. Takes the invocation. */
void
ta_sign_out_method_run (TaAdmission *admission, TaAccounts *accounts, TaSignIns *sign_ins,
                        const char *account, GVariant *options, GDBusMethodInvocation *invocation)
{
  const TaErrand errand = { .kind = TA_ERRAND_SIGN_OUT, .account = account };
  const TaOption table[] = { { NULL } };
  g_autoptr (GError) error = NULL;
  Request *request;

  if (!ta_options_check_account (account, &error) || !ta_options_check (options, table, &error))
    {
      ta_reply_error (invocation, error);
      return;
    }
  request = g_new0 (Request, 1);
  request->accounts = g_object_ref (accounts);
  request->sign_ins = g_object_ref (sign_ins);
  ta_admission_enter (admission, ta_caller_new (invocation, &errand, sign_out, request,
                                                (GDestroyNotify) request_free));
}

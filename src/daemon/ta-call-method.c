/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-call-method.h"

#include "base/ta-error.h"
#include "daemon/ta-call-errand.h"
#include "daemon/ta-call-options.h"
#include "daemon/ta-reply.h"

static void
call_api_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TaCaller *caller = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_call_finish (TA_ACCOUNTS (source), result, &error);
  const char *data = response == NULL ? NULL : (const char *) response->body->data;
  g_autofree char *body = NULL;
  g_autofree char *status = NULL;
  GVariantDict details;

  if (data == NULL)
    data = "";
  if (response != NULL && !g_utf8_validate_len (data, response->body->len, NULL))
    error = g_error_new_literal (TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                                 "The response is not UTF-8 text: such bodies need OpenApi");
  if (error != NULL)
    {
      ta_caller_fail (caller, error);
      return;
    }
  g_variant_dict_init (&details, NULL);
  ta_call_options_describe (response, &details);
  body = g_strndup (data, response->body->len);
  status = g_strdup_printf ("%u", response->status);
  ta_caller_answer (
      caller, g_variant_new ("(us@a{sv})", response->status, body, g_variant_dict_end (&details)),
      status);
}

static void
make_call (TaCaller *caller, gpointer user_data)
{
  TaCallErrand *errand = user_data;

  ta_call_async (errand->accounts, errand->sign_ins, ta_call_errand_take_call (errand, caller),
                 ta_caller_get_cancellable (caller), call_api_cb, caller);
}

/* CallApi, of which `call` has all but the options. Takes the call and the invocation. */
void
ta_call_method_run (TaAdmission *admission, TaAccounts *accounts, TaSignIns *sign_ins, TaCall *call,
                    GVariant *options, GDBusMethodInvocation *invocation)
{
  g_autoptr (TaCall) owned = call;
  g_autoptr (GError) error = NULL;

  if (ta_call_options_read (options, call, &error))
    ta_call_errand_run (admission, accounts, sign_ins, g_steal_pointer (&owned), make_call,
                        invocation);
  else
    ta_reply_error (invocation, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-call-method.h"

#include "base/ta-error.h"
#include "daemon/ta-call-options.h"
#include "daemon/ta-options.h"
#include "daemon/ta-reply.h"
#include "ta-dbus.h"

static void
call_api_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TaCaller *caller = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_call_finish (TA_ACCOUNTS (source), result, &error);
  const char *data = response == NULL ? NULL : (const char *) response->body->data;
  g_autofree char *body = NULL;
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
  ta_caller_answer (
      caller, g_variant_new ("(us@a{sv})", response->status, body, g_variant_dict_end (&details)));
}

typedef struct
{
  TaAccounts *accounts; /* (owned) */
  TaSignIns *sign_ins;  /* (owned) */
  TaCall *call;         /* (owned) (nullable): until it is made */
} Request;

static void
request_free (Request *request)
{
  g_object_unref (request->accounts);
  g_object_unref (request->sign_ins);
  g_clear_pointer (&request->call, ta_call_free);
  g_free (request);
}

static void
make_call (TaCaller *caller, gpointer user_data)
{
  Request *request = user_data;

  if (!request->call->interactive)
    request->call->timeout = ta_caller_get_time_left (caller);
  ta_call_async (request->accounts, request->sign_ins, g_steal_pointer (&request->call),
                 ta_caller_get_cancellable (caller), call_api_cb, caller);
}

/* CallApi, of which `call` has all but the options. Takes the call and the invocation. */
void
ta_call_method_run (TaAdmission *admission, TaAccounts *accounts, TaSignIns *sign_ins, TaCall *call,
                    GVariant *options, GDBusMethodInvocation *invocation)
{
  g_autoptr (TaCall) owned = call;
  g_autoptr (GError) error = NULL;
  TaErrand errand = { .kind = TA_ERRAND_CALL };
  Request *request;

  if (!ta_options_check_account (call->account, &error)
      || !ta_call_options_read (options, call, &error) || !ta_call_check (call, &error))
    {
      ta_reply_error (invocation, error);
      return;
    }
  errand.interactive = call->interactive;
  errand.timeout = call->interactive ? 0 : call->timeout;
  errand.bytes = call->body == NULL ? 0 : g_bytes_get_size (call->body);
  request = g_new0 (Request, 1);
  request->accounts = g_object_ref (accounts);
  request->sign_ins = g_object_ref (sign_ins);
  request->call = g_steal_pointer (&owned);
  ta_admission_enter (admission, ta_caller_new (invocation, &errand, make_call, request,
                                                (GDestroyNotify) request_free));
}

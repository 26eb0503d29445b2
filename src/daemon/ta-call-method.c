/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-call-method.h"

#include "base/ta-error.h"
#include "daemon/ta-call-options.h"
#include "daemon/ta-caller.h"
#include "daemon/ta-options.h"
#include "daemon/ta-reply.h"
#include "ta-dbus.h"

static void
call_api_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = ta_caller_free (user_data);
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
      ta_reply_error (invocation, error);
      return;
    }
  g_variant_dict_init (&details, NULL);
  ta_call_options_describe (response, &details);
  body = g_strndup (data, response->body->len);
  ta_dbus_auth_complete_call_api (g_dbus_method_invocation_get_user_data (invocation), invocation,
                                  response->status, body, g_variant_dict_end (&details));
}

/* CallApi, of which `call` has all but the options. Takes the call and the invocation. */
void
ta_call_method_run (TaAccounts *accounts, TaSignIns *sign_ins, TaCall *call, GVariant *options,
                    GDBusMethodInvocation *invocation)
{
  g_autoptr (TaCall) owned = call;
  g_autoptr (GError) error = NULL;

  TaCaller *caller;

  if (!ta_options_check_account (call->account, &error)
      || !ta_call_options_read (options, call, &error) || !ta_call_check (call, &error))
    {
      ta_reply_error (invocation, error);
      return;
    }
  caller = ta_caller_new (invocation);
  ta_call_async (accounts, sign_ins, g_steal_pointer (&owned), ta_caller_get_cancellable (caller),
                 call_api_cb, caller);
}

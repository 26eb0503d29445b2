/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-call-errand.h"

#include "daemon/ta-options.h"
#include "daemon/ta-reply.h"
#include "oauth/ta-api-request.h"
#include "oauth/ta-endpoint.h"

static void
call_errand_free (TaCallErrand *self)
{
  g_object_unref (self->accounts);
  g_object_unref (self->sign_ins);
  g_clear_pointer (&self->call, ta_call_free);
  g_free (self);
}

/* `make`: gets the errand. Takes the call and the invocation. */
void
ta_call_errand_run (TaAdmission *admission, TaAccounts *accounts, TaSignIns *sign_ins, TaCall *call,
                    TaCallerFunc make, GDBusMethodInvocation *invocation)
{
  g_autoptr (TaCall) owned = call;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  TaErrand errand = { .kind = TA_ERRAND_CALL };
  TaCallErrand *self;

  if (!ta_options_check_account (call->account, &error) || !ta_call_check (call, &error))
    {
      ta_reply_error (invocation, error);
      return;
    }
  path = ta_endpoint_api_path (call->path);
  errand.account = call->account;
  errand.newcomer = TA_SIGN_INS_DEFAULT_PROVIDER;
  errand.method = ta_api_request_find_method (call->method, NULL);
  errand.path = path;
  errand.interactive = call->interactive;
  errand.streams = call->upload != NULL;
  errand.bytes = call->body == NULL ? 0 : g_bytes_get_size (call->body);
  errand.timeout = call->interactive ? 0 : call->timeout;
  self = g_new0 (TaCallErrand, 1);
  self->accounts = g_object_ref (accounts);
  self->sign_ins = g_object_ref (sign_ins);
  self->call = g_steal_pointer (&owned);
  ta_admission_enter (admission, ta_caller_new (invocation, &errand, make, self,
                                                (GDestroyNotify) call_errand_free));
}

/* The call as it is to be made now: of the account that is meant, in the time that is left. */
TaCall *
ta_call_errand_take_call (TaCallErrand *self, TaCaller *caller)
{
  TaCall *call = g_steal_pointer (&self->call);

  if (!call->interactive)
    call->timeout = ta_caller_get_time_left (caller);
  call->interactive = ta_caller_get_errand (caller)->interactive;
  g_free (call->account);
  call->account = g_strdup (ta_caller_get_errand (caller)->account);
  return call;
}

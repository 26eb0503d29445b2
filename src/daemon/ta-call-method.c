/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-call-method.h"

#include "base/ta-error.h"
#include "daemon/ta-caller.h"
#include "daemon/ta-options.h"
#include "daemon/ta-reply.h"
#include "oauth/ta-api-request.h"
#include "ta-dbus.h"

#define TIMEOUT 30

static GVariant *
describe_response (TaHttpResponse *response)
{
  g_auto (GVariantBuilder) headers = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  GVariantDict details;
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, response->headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (ta_api_request_shows_header (name))
      g_variant_builder_add (&headers, "{ss}", name, value);
  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert_value (&details, "headers", g_variant_builder_end (&headers));
  g_variant_dict_insert (&details, "complete", "b", response->complete);
  return g_variant_dict_end (&details);
}

static void
call_api_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = ta_caller_free (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_call_finish (TA_ACCOUNTS (source), result, &error);
  const char *data = response == NULL ? NULL : (const char *) response->body->data;
  g_autofree char *body = NULL;

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
  body = g_strndup (data, response->body->len);
  ta_dbus_auth_complete_call_api (g_dbus_method_invocation_get_user_data (invocation), invocation,
                                  response->status, body, describe_response (response));
}

/* Header names have no case (RFC 9110 section 5.1), so two that differ in it are one given twice.
 */
static gboolean
read_headers (GVariant *options, TaCall *call, GError **error)
{
  g_autoptr (GVariantIter) headers = NULL;
  const char *name;
  const char *value;

  g_variant_lookup (options, "headers", "a{ss}", &headers);
  while (headers != NULL && g_variant_iter_next (headers, "{&s&s}", &name, &value))
    if (!g_hash_table_replace (call->headers, g_ascii_strdown (name, -1), g_strdup (value)))
      {
        g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                             "Option headers has a header twice");
        return FALSE;
      }
  return TRUE;
}

static gboolean
read_call_options (GVariant *options, TaCall *call, GError **error)
{
  const TaOption table[] = {
    { "headers", "a{ss}" },
    { "content-type", "s" },
    { "interactive", "b" },
    { "timeout", "u" },
    { NULL },
  };

  call->timeout = TIMEOUT;
  if (!ta_options_check (options, table, error)
      || !ta_options_get_range (options, "timeout", TA_OPTIONS_TIMEOUT_MIN, TA_OPTIONS_TIMEOUT_MAX,
                                &call->timeout, error))
    return FALSE;
  g_variant_lookup (options, "interactive", "b", &call->interactive);
  g_variant_lookup (options, "content-type", "s", &call->content_type);
  if (call->content_type == NULL && call->body != NULL)
    call->content_type = g_strdup ("application/json");
  return read_headers (options, call, error);
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
      || !read_call_options (options, call, &error) || !ta_call_check (call, &error))
    {
      ta_reply_error (invocation, error);
      return;
    }
  caller = ta_caller_new (invocation);
  ta_call_async (accounts, sign_ins, g_steal_pointer (&owned), ta_caller_get_cancellable (caller),
                 call_api_cb, caller);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-in-method.h"

#include "base/ta-error.h"
#include "daemon/ta-options.h"
#include "daemon/ta-reply.h"
#include "oauth/ta-encoding.h"
#include "oauth/ta-provider.h"

/* SignIn: whether the account is known decides what is started, so the stored accounts come first.
 */

/* How long it waits for them; a keyring that hangs does not hold it up. */
#define LOAD_TIMEOUT_MS 1000

static TaSignInWay
choose_way (GVariant *options)
{
  const char *flow = "browser";
  gboolean open_browser = TRUE;

  g_variant_lookup (options, "flow", "&s", &flow);
  g_variant_lookup (options, "open-browser", "b", &open_browser);
  if (g_str_equal (flow, "device"))
    return TA_SIGN_IN_BY_DEVICE;
  return open_browser ? TA_SIGN_IN_BY_BROWSER : TA_SIGN_IN_BY_ADDRESS;
}

typedef struct
{
  TaAccounts *accounts;     /* (owned) */
  TaSignInObjects *objects; /* (owned) */
  GVariant *options;        /* (owned) */
} Request;

static void
request_free (Request *request)
{
  g_object_unref (request->accounts);
  g_object_unref (request->objects);
  g_variant_unref (request->options);
  g_free (request);
}

/* A program of the host joins any sign-in that runs for the account, another one its own. */
static gboolean
may_join (const Request *request, TaCaller *caller)
{
  TaSignIn *running = ta_sign_ins_find (ta_sign_in_objects_get_sign_ins (request->objects),
                                        ta_caller_get_errand (caller)->account);

  return running == NULL || ta_caller_get_application (caller)->trust == TA_TRUST_HOST
         || g_strcmp0 (
                ta_sign_in_object_get_starter (ta_sign_in_objects_find (request->objects, running)),
                ta_caller_get_sender (caller))
                == 0;
}

static void
start (TaCaller *caller)
{
  Request *request = ta_caller_get_request (caller);
  const char *provider = NULL;
  g_autofree const char **scopes = NULL;
  g_autoptr (GError) error = NULL;
  guint count = ta_sign_in_objects_get_count (request->objects);
  TaSignInObject *object;
  TaSignIn *sign_in;

  if (!may_join (request, caller))
    {
      error = g_error_new_literal (TA_ERROR, TA_ERROR_SIGN_IN_IN_PROGRESS,
                                   "Another program has the user sign in to this account: try "
                                   "again when that has ended");
      ta_caller_fail (caller, error);
      return;
    }
  g_variant_lookup (request->options, "provider", "&s", &provider);
  g_variant_lookup (request->options, "scopes", "^a&s", &scopes);
  sign_in = ta_sign_ins_start (ta_sign_in_objects_get_sign_ins (request->objects),
                               ta_caller_get_errand (caller)->account, provider, scopes,
                               choose_way (request->options), &error);
  if (sign_in == NULL)
    {
      ta_caller_fail (caller, error);
      return;
    }
  object = ta_sign_in_objects_find (request->objects, sign_in);
  if (ta_sign_in_objects_get_count (request->objects) > count)
    ta_sign_in_object_set_starter (object, ta_caller_get_sender (caller));
  if (ta_caller_get_application (caller)->trust == TA_TRUST_HOST)
    ta_sign_in_object_take (object, ta_caller_get_bus (caller), ta_caller_get_sender (caller));
  ta_sign_in_object_answer_when_ready (object, caller);
}

/* A SignIn call that waits for the stored accounts. */
typedef struct
{
  TaCaller *caller; /* (owned) (nullable): NULL once the sign-in is started */
  guint timer;
} Loading;

static gboolean
on_load_time (gpointer user_data)
{
  Loading *loading = user_data;

  loading->timer = 0;
  start (g_steal_pointer (&loading->caller));
  return G_SOURCE_REMOVE;
}

/* A keyring that cannot be read does not stand in the way: the sign-in asks to unlock it. */
static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Loading *loading = user_data;

  ta_accounts_load_finish (TA_ACCOUNTS (source), result, NULL);
  g_clear_handle_id (&loading->timer, g_source_remove);
  if (loading->caller != NULL)
    start (loading->caller);
  g_free (loading);
}

static void
sign_in (TaCaller *caller, gpointer user_data)
{
  Request *request = user_data;
  Loading *loading = g_new0 (Loading, 1);

  loading->caller = caller;
  loading->timer = g_timeout_add (LOAD_TIMEOUT_MS, on_load_time, loading);
  ta_accounts_load_async (request->accounts, ta_caller_get_errand (caller)->account, FALSE, NULL,
                          load_cb, loading);
}

static gboolean
check (const char *account, GVariant *options, GError **error)
{
  const TaOption table[] = {
    { "provider", "s" }, { "scopes", "as" }, { "open-browser", "b" }, { "flow", "s" }, { NULL },
  };
  const char *flow = "browser";
  const char *provider = NULL;
  g_autofree const char **scopes = NULL;

  if (!ta_options_check_account (account, error) || !ta_options_check (options, table, error))
    return FALSE;
  if (g_variant_lookup (options, "provider", "&s", &provider) && !ta_provider_is_id (provider))
    {
      g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                           "Option provider must be the id of one, which is the name of its file");
      return FALSE;
    }
  if (g_variant_lookup (options, "scopes", "^a&s", &scopes) && !ta_encoding_are_scopes (scopes))
    {
      g_set_error_literal (
          error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
          "A scope is one word of at most 256 characters of ASCII: give each as its "
          "own, 64 at most");
      return FALSE;
    }
  g_variant_lookup (options, "flow", "&s", &flow);
  if (g_str_equal (flow, "browser") || g_str_equal (flow, "device"))
    return TRUE;
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                       "Option flow must be browser or device");
  return FALSE;
}

/* SignIn. Takes the invocation. */
void
ta_sign_in_method_run (TaAdmission *admission, TaAccounts *accounts, TaSignInObjects *objects,
                       const char *account, GVariant *options, GDBusMethodInvocation *invocation)
{
  TaErrand errand = { .kind = TA_ERRAND_SIGN_IN, .account = account };
  g_autoptr (GError) error = NULL;
  Request *request;

  if (!check (account, options, &error))
    {
      ta_reply_error (invocation, error);
      return;
    }
  errand.leads_user = choose_way (options) != TA_SIGN_IN_BY_BROWSER;
  errand.sets_scopes = g_variant_lookup (options, "scopes", "as", NULL);
  errand.newcomer = TA_SIGN_INS_DEFAULT_PROVIDER;
  g_variant_lookup (options, "provider", "&s", &errand.newcomer);
  request = g_new0 (Request, 1);
  request->accounts = g_object_ref (accounts);
  request->objects = g_object_ref (objects);
  request->options = g_variant_ref (options);
  ta_admission_enter (admission, ta_caller_new (invocation, &errand, sign_in, request,
                                                (GDestroyNotify) request_free));
}

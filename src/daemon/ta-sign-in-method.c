/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-in-method.h"

#include "daemon/ta-options.h"
#include "daemon/ta-reply.h"
#include "oauth/ta-encoding.h"

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

static void
start (TaSignInObjects *objects, GDBusMethodInvocation *invocation)
{
  const char *account;
  g_autoptr (GVariant) options = NULL;
  const char *provider = NULL;
  TaSignInWay way;
  g_autofree const char **scopes = NULL;
  g_autoptr (GError) error = NULL;
  guint count = ta_sign_in_objects_get_count (objects);
  TaSignInObject *object;
  TaSignIn *sign_in;

  g_variant_get (g_dbus_method_invocation_get_parameters (invocation), "(&s@a{sv})", &account,
                 &options);
  g_variant_lookup (options, "provider", "&s", &provider);
  g_variant_lookup (options, "scopes", "^a&s", &scopes);
  way = choose_way (options);
  sign_in = ta_sign_ins_start (ta_sign_in_objects_get_sign_ins (objects), account, provider, scopes,
                               way, &error);
  if (sign_in == NULL)
    {
      ta_reply_error (invocation, error);
      return;
    }
  object = ta_sign_in_objects_find (objects, sign_in);
  if (ta_sign_in_objects_get_count (objects) > count)
    ta_sign_in_object_set_starter (object, g_dbus_method_invocation_get_sender (invocation));
  ta_sign_in_object_answer_when_ready (object, invocation);
}

/* A SignIn call that waits for the stored accounts. */
typedef struct
{
  TaSignInObjects *objects;          /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) (nullable): NULL once the sign-in is started */
  guint timer;
} Loading;

static gboolean
on_load_time (gpointer user_data)
{
  Loading *loading = user_data;

  loading->timer = 0;
  start (loading->objects, g_steal_pointer (&loading->invocation));
  return G_SOURCE_REMOVE;
}

/* A keyring that cannot be read does not stand in the way: the sign-in asks to unlock it. */
static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Loading *loading = user_data;

  ta_accounts_load_finish (TA_ACCOUNTS (source), result, NULL);
  g_clear_handle_id (&loading->timer, g_source_remove);
  if (loading->invocation != NULL)
    start (loading->objects, loading->invocation);
  g_object_unref (loading->objects);
  g_free (loading);
}

static gboolean
check (const char *account, GVariant *options, GError **error)
{
  const TaOption table[] = {
    { "provider", "s" }, { "scopes", "as" }, { "open-browser", "b" }, { "flow", "s" }, { NULL },
  };
  const char *flow = "browser";
  g_autofree const char **scopes = NULL;

  if (!ta_options_check_account (account, error) || !ta_options_check (options, table, error))
    return FALSE;
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
ta_sign_in_method_run (TaAccounts *accounts, TaSignInObjects *objects, const char *account,
                       GVariant *options, GDBusMethodInvocation *invocation)
{
  g_autoptr (GError) error = NULL;
  Loading *loading;

  if (!check (account, options, &error))
    {
      ta_reply_error (invocation, error);
      return;
    }
  loading = g_new0 (Loading, 1);
  loading->objects = g_object_ref (objects);
  loading->invocation = invocation;
  loading->timer = g_timeout_add (LOAD_TIMEOUT_MS, on_load_time, loading);
  ta_accounts_load_async (accounts, account, FALSE, load_cb, loading);
}

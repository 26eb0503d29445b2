/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-provider-check.h"

#include "base/ta-error.h"
#include "broker/ta-check.h"
#include "broker/ta-client-check.h"
#include "broker/ta-server-check.h"
#include "io/ta-loopback.h"
#include "io/ta-providers.h"
#include "oauth/ta-endpoint.h"

/* A diagnosis of one provider: its file, and the port its sign-ins come back to, at once; then its
 * client and its servers, all at a time. */

typedef enum
{
  PART_FILE,
  PART_CLIENT,
  PART_SERVER,
  PART_API,
  N_PARTS,
} Part;

typedef struct
{
  GPtrArray *parts[N_PARTS]; /* (owned) (nullable): what was found, each when it is known */
  guint n_waiting;
} Look;

static void
look_free (Look *look)
{
  for (int i = 0; i < N_PARTS; i++)
    g_clear_pointer (&look->parts[i], g_ptr_array_unref);
  g_free (look);
}

/* Takes the task and the checks. */
static void
take (gpointer user_data, Part part, GPtrArray *checks)
{
  g_autoptr (GTask) task = user_data;
  Look *look = g_task_get_task_data (task);
  GPtrArray *all;

  look->parts[part] = checks;
  if (--look->n_waiting > 0)
    return;
  all = ta_check_list_new ();
  for (int i = 0; i < N_PARTS; i++)
    if (look->parts[i] != NULL)
      g_ptr_array_extend_and_steal (all, g_steal_pointer (&look->parts[i]));
  g_task_return_pointer (task, all, (GDestroyNotify) g_ptr_array_unref);
}

static void
client_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  take (user_data, PART_CLIENT, ta_client_check_finish (result));
}

static void
server_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  take (user_data, PART_SERVER, ta_server_check_finish (result));
}

static void
api_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  take (user_data, PART_API, ta_server_check_finish (result));
}

/* A sign-in of the broker itself that waits there is no obstacle to anybody. */
static void
check_callback (GPtrArray *checks, const TaProvider *provider, gboolean is_signing_in)
{
  g_autoptr (GUri) uri = g_uri_parse (provider->redirect_uri, G_URI_FLAGS_ENCODED, NULL);
  guint16 port = (guint16) g_uri_get_port (uri);
  g_autoptr (GSocketService) service = NULL;

  if (port == 0)
    {
      ta_check_add (checks, "callback", provider->id, TA_CHECK_OK,
                    "Sign-ins come back to whichever port is free");
      return;
    }
  service = ta_loopback_listen (g_uri_get_host (uri), &port, NULL);
  if (service != NULL)
    {
      g_socket_listener_close (G_SOCKET_LISTENER (service));
      ta_check_add (checks, "callback", provider->id, TA_CHECK_OK,
                    "Port %u is free for sign-ins to come back to", port);
    }
  else if (is_signing_in)
    ta_check_add (checks, "callback", provider->id, TA_CHECK_SKIPPED,
                  "Port %u is in use while a sign-in runs", port);
  else
    ta_check_add (checks, "callback", provider->id, TA_CHECK_ERROR,
                  "Port %u, which sign-ins come back to, is in use or not allowed: end the program "
                  "that has it (see ss -ltnp)",
                  port);
}

/* Only a server that has none is a reason to go without (RFC 7636 section 7.2). */
static void
check_pkce (GPtrArray *checks, const TaProvider *provider)
{
  if (!provider->pkce)
    ta_check_add (
        checks, "pkce", provider->id, TA_CHECK_WARNING,
        "The provider's file has Pkce=none, so a stolen authorization code can be used by "
        "others: remove that unless the provider refuses PKCE");
}

static void
start (GTask *task, GDBusConnection *bus, TaParts *parts, TaProvider *provider)
{
  Look *look = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autofree char *server = ta_provider_get_server (provider);
  g_autofree char *origin = server == NULL ? NULL : ta_endpoint_origin (server);
  g_autofree char *api = ta_endpoint_origin (provider->base_uri);
  gboolean is_same = g_strcmp0 (origin, api) == 0;

  look->n_waiting += 1 + (origin != NULL) + !is_same;
  ta_client_check_async (bus, parts, provider, cancellable, client_cb, g_object_ref (task));
  if (origin != NULL)
    ta_server_check_async (parts, TA_SERVER_CHECK_OAUTH, provider->id, origin, cancellable,
                           server_cb, g_object_ref (task));
  if (!is_same)
    ta_server_check_async (parts, TA_SERVER_CHECK_API, provider->id, api, cancellable, api_cb,
                           g_object_ref (task));
}

/* `id`: of the provider, which need not be there. */
void
ta_provider_check_async (GDBusConnection *bus, TaParts *parts, TaSignIns *sign_ins, const char *id,
                         GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = ta_providers_find (id, &error);
  GPtrArray *checks = ta_check_list_new ();
  Look *look = g_new0 (Look, 1);

  g_task_set_source_tag (task, ta_provider_check_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, look, (GDestroyNotify) look_free);
  look->n_waiting = 1;
  if (provider == NULL)
    ta_check_add (checks, "provider", id, TA_CHECK_ERROR, "%s", error->message);
  else
    ta_check_add (checks, "provider", id, TA_CHECK_OK, "The provider's file has no mistake");
  if (provider != NULL && provider->api_authentication == TA_API_AUTHENTICATION_BEARER)
    {
      check_callback (checks, provider, ta_sign_ins_get_size (sign_ins) > 0);
      check_pkce (checks, provider);
    }
  if (provider != NULL)
    start (task, bus, parts, provider);
  take (task, PART_FILE, checks);
}

/* (transfer full) (element-type TaCheck) */
GPtrArray *
ta_provider_check_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

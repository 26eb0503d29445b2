/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-parts.h"

#include "base/ta-error.h"
#include "io/ta-client-store.h"

#define ENVIRONMENT_PROVIDER "tidio"

/* To each host. Calls wait for their turn before they come to a connection, and must not wait there
 * for those of others. More connections are not slower either: CallApi by 64 clients, from a server
 * that answers at once, went 1,145 times a second with 2 of them, 1,660 with 8, 1,692 with 32 and
 * 2,025 with 128 (medians of three runs); a slow server makes more of a difference. */
#define PROVIDER_CONNECTIONS 4
#define API_CONNECTIONS 128

/* The arguments are what the environment says of the client at provider tidio, or NULL. */
TaParts *
ta_parts_new (const char *environment_id, const char *environment_secret)
{
  TaParts *self = g_rc_box_new0 (TaParts);

  self->http = ta_http_new (PROVIDER_CONNECTIONS);
  self->api = ta_http_new (API_CONNECTIONS);
  self->store = ta_store_new ();
  self->wake = ta_wake_new ();
  self->throttle = ta_throttle_new (self->wake);
  self->discovery = ta_discovery_new (self->http, self->throttle);
  self->providers = ta_discovery_get_providers (self->discovery);
  self->nonces = ta_dpop_nonces_new ();
  self->ending = g_cancellable_new ();
  if (environment_id != NULL && *environment_id != '\0')
    self->environment_id = g_strdup (environment_id);
  if (environment_secret != NULL && *environment_secret != '\0')
    self->environment_secret = ta_secret_new (environment_secret);
  return self;
}

TaParts *
ta_parts_ref (TaParts *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (void *data)
{
  TaParts *self = data;

  g_object_unref (self->http);
  g_object_unref (self->api);
  g_object_unref (self->store);
  g_object_unref (self->throttle);
  g_object_unref (self->discovery);
  ta_dpop_nonces_free (self->nonces);
  g_object_unref (self->ending);
  g_object_unref (self->wake);
  g_free (self->environment_id);
  g_clear_pointer (&self->environment_secret, ta_secret_unref);
}

void
ta_parts_unref (TaParts *self)
{
  g_rc_box_release_full (self, clear);
}

typedef struct
{
  TaParts *parts;       /* (owned) */
  TaProvider *provider; /* (owned) */
} Find;

static void
find_free (Find *find)
{
  ta_parts_unref (find->parts);
  ta_provider_unref (find->provider);
  g_free (find);
}

static const char *
peek (const TaSecret *secret)
{
  return secret == NULL ? NULL : ta_secret_peek (secret);
}

/* The id is the first found of environment, Secret Service and provider file. A stored secret goes
 * with the id it was stored with. */
static TaClient *
choose (Find *find, const TaClient *stored, gboolean is_partial, GError **error)
{
  gboolean use_environment = g_str_equal (find->provider->id, ENVIRONMENT_PROVIDER);
  const char *id = use_environment ? find->parts->environment_id : NULL;
  const char *secret = use_environment ? peek (find->parts->environment_secret) : NULL;

  if (id == NULL && stored != NULL)
    id = stored->id;
  if (id == NULL)
    id = find->provider->client_id;
  if (secret == NULL && stored != NULL && g_strcmp0 (id, stored->id) == 0)
    secret = peek (stored->secret);
  if (id != NULL)
    return ta_client_new (find->provider->id, id, secret, error);
  if (is_partial)
    {
      g_propagate_error (error, ta_client_store_create_locked_error ());
      return NULL;
    }
  g_set_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED,
               "Provider %s has no client id: set yours with tidio-auth client set --provider %s "
               "--client-id ID",
               find->provider->id, find->provider->id);
  return NULL;
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Find *find = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  gboolean is_partial;
  g_autoptr (TaClient) stored
      = ta_client_store_load_finish (TA_STORE (source), result, &is_partial, &error);
  TaClient *client = NULL;

  if (error == NULL)
    client = choose (find, stored, is_partial, &error);
  if (client != NULL)
    g_task_return_pointer (task, client, (GDestroyNotify) ta_client_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Finds the client id and secret to use at a provider, unless nothing can be sent: that is to be
 * known before the user is bothered or a refresh is begun. `may_prompt`: the user may be asked to
 * unlock the keyring.
 * Errors: TA_ERROR_NOT_CONFIGURED, TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE. */
void
ta_parts_find_client_async (TaParts *self, TaProvider *provider, gboolean may_prompt,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self->store, cancellable, callback, user_data);
  GError *error = NULL;
  Find *find;

  g_task_set_source_tag (task, ta_parts_find_client_async);
  if (!ta_http_can_send (self->http, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  find = g_new0 (Find, 1);
  find->parts = ta_parts_ref (self);
  find->provider = ta_provider_ref (provider);
  g_task_set_task_data (task, find, (GDestroyNotify) find_free);
  ta_client_store_load_async (self->store, provider->id, may_prompt, cancellable, load_cb,
                              g_steal_pointer (&task));
}

TaClient *
ta_parts_find_client_finish (TaParts *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self->store), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-discovery.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"
#include "io/ta-max-age.h"
#include "io/ta-providers.h"
#include "io/ta-retry-after.h"

/* A provider with all that its file leaves to the server: the file -> what is known of its issuer
 * -> the first well-known address that has the metadata (RFC 8414 section 3, then OpenID Connect
 * Discovery 1.0 section 4). Metadata is kept in memory for as long as its response allows; that a
 * server cannot be asked again does not make it forgotten. */

#define STALE_LIFETIME 300 /* seconds */
#define TIMEOUT 10
#define LIFETIME_MIN 60 /* seconds */
#define LIFETIME_DEFAULT 3600
#define LIFETIME_MAX 86400

struct _TaDiscovery
{
  GObject parent_instance;

  TaHttp *http;         /* (owned) */
  TaThrottle *throttle; /* (owned) */
  GHashTable *known;    /* (owned): issuer to Entry */
};

G_DEFINE_FINAL_TYPE (TaDiscovery, ta_discovery, G_TYPE_OBJECT)

typedef struct
{
  TaMetadata *metadata; /* (owned) */
  gint64 expires_at;    /* on the boot clock, seconds */
} Entry;

static void
entry_free (Entry *entry)
{
  ta_metadata_unref (entry->metadata);
  g_free (entry);
}

typedef struct
{
  TaProvider *provider; /* (owned): as its file says */
  char **uris;          /* (owned): where the metadata may be */
  guint n_tried;
} Find;

static void fetch_next (GTask *task);

static void
find_free (Find *find)
{
  ta_provider_unref (find->provider);
  g_strfreev (find->uris);
  g_free (find);
}

/* Takes the task. */
static void
finish (GTask *task, const TaMetadata *metadata)
{
  Find *find = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  TaProvider *provider = ta_provider_complete (find->provider, metadata, &error);

  if (provider != NULL)
    g_task_return_pointer (task, provider, (GDestroyNotify) ta_provider_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
  g_object_unref (task);
}

/* Takes the task and the error. What was known goes on to count for a while, so that a refresh does
 * not wait for an issuer that is out of order. */
static void
fail (GTask *task, GError *error)
{
  TaDiscovery *self = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);
  Entry *entry = g_hash_table_lookup (self->known, find->provider->issuer);

  if (entry != NULL)
    {
      g_error_free (error);
      entry->expires_at = ta_clock_now ().boot + STALE_LIFETIME;
      finish (task, entry->metadata);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/* Seconds. A date that is longer ahead than an hour counts as that, which is the default too. */
static gint64
get_lifetime (const TaHttpResponse *response)
{
  const char *control = g_hash_table_lookup (response->headers, "cache-control");
  const char *expires = g_hash_table_lookup (response->headers, "expires");
  gint64 lifetime = control == NULL ? -1 : ta_max_age_parse (control);

  if (lifetime < 0 && expires != NULL)
    lifetime = ta_retry_after_parse (expires, ta_clock_now ().wall);
  return lifetime < 0 ? LIFETIME_DEFAULT : CLAMP (lifetime, LIFETIME_MIN, LIFETIME_MAX);
}

static void
remember (TaDiscovery *self, TaMetadata *metadata, const TaHttpResponse *response)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->metadata = ta_metadata_ref (metadata);
  entry->expires_at = ta_clock_now ().boot + get_lifetime (response);
  g_hash_table_replace (self->known, g_strdup (metadata->issuer), entry);
}

static GError *
create_status_error (const TaProvider *provider, guint status)
{
  return g_error_new (TA_ERROR, status >= 500 ? TA_ERROR_SERVER_ERROR : TA_ERROR_INVALID_RESPONSE,
                      "The issuer of provider %s has no metadata (HTTP %u): check Issuer",
                      provider->id, status);
}

static void
fetch_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TaDiscovery *self = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);
  const char *uri = find->uris[find->n_tried - 1];
  const char *first_uri = find->uris[0];
  GError *error = NULL;
  g_autoptr (TaHttpResponse) response = ta_http_send_finish (TA_HTTP (source), result, &error);
  g_autoptr (TaMetadata) metadata = NULL;

  if (g_error_matches (error, TA_ERROR, TA_ERROR_RESPONSE_TOO_LARGE))
    error->code = TA_ERROR_INVALID_RESPONSE;
  if (response != NULL)
    ta_throttle_note_response (self->throttle, uri, response);
  if (response != NULL && response->status == 200)
    metadata = ta_metadata_parse ((const char *) response->body->data, response->body->len,
                                  find->provider->issuer, &error);
  else if (response != NULL && response->status >= 400 && response->status < 500
           && find->uris[find->n_tried] != NULL)
    {
      fetch_next (task);
      return;
    }
  else if (response != NULL)
    error = create_status_error (find->provider, response->status);
  if (metadata == NULL)
    {
      ta_throttle_note_failure (self->throttle, first_uri, error);
      fail (task, error);
      return;
    }
  ta_throttle_note_success (self->throttle, first_uri);
  remember (self, metadata, response);
  finish (task, metadata);
}

/* Takes the task. */
static void
fetch_next (GTask *task)
{
  TaDiscovery *self = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);
  const char *uri = find->uris[find->n_tried++];
  TaHttpRequest request = {
    .method = "GET",
    .uri = uri,
    .accept = "application/json",
    .max_length = TA_METADATA_MAX,
    .timeout = TIMEOUT,
  };

  ta_http_send_async (self->http, &request, g_task_get_cancellable (task), fetch_cb, task);
}

/* (nullable): what is known of the provider's issuer, and new enough. */
static const Entry *
find_entry (TaDiscovery *self, const TaProvider *provider)
{
  const Entry *entry = g_hash_table_lookup (self->known, provider->issuer);

  return entry != NULL && entry->expires_at > ta_clock_now ().boot ? entry : NULL;
}

/* (transfer full) (nullable): the provider as it is known, if nobody has to be asked for it. */
static TaProvider *
complete (TaDiscovery *self, TaProvider *provider)
{
  const Entry *entry;

  if (provider->issuer == NULL)
    return ta_provider_ref (provider);
  entry = find_entry (self, provider);
  return entry == NULL ? NULL : ta_provider_complete (provider, entry->metadata, NULL);
}

/* (transfer full) (nullable): the provider, if nobody has to be asked for it. */
TaProvider *
ta_discovery_peek (TaDiscovery *self, const char *id)
{
  g_autoptr (TaProvider) provider = ta_providers_find_oauth (id, NULL);

  return provider == NULL ? NULL : complete (self, provider);
}

/* (transfer full): the address that is asked first when a provider's token endpoint is wanted: that
 * endpoint, or where its issuer says which it is.
 * Errors: TA_ERROR_NOT_CONFIGURED, TA_ERROR_NOT_SUPPORTED. */
char *
ta_discovery_find_place (TaDiscovery *self, const char *id, GError **error)
{
  g_autoptr (TaProvider) provider = ta_providers_find_oauth (id, error);
  g_autoptr (TaProvider) known = provider == NULL ? NULL : complete (self, provider);
  g_auto (GStrv) uris = NULL;

  if (provider == NULL)
    return NULL;
  if (known != NULL)
    return g_strdup (known->token_endpoint);
  uris = ta_metadata_uris (provider->issuer);
  return g_strdup (uris[0]);
}

/* Finds a provider and what its issuer says. Whether the issuer may be asked now is for the caller
 * to look at. Errors: TA_ERROR_NOT_CONFIGURED, TA_ERROR_NOT_SUPPORTED; where the issuer has to be
 * asked also TA_ERROR_NETWORK, TA_ERROR_TIMEOUT, TA_ERROR_TLS, TA_ERROR_SERVER_ERROR,
 * TA_ERROR_RATE_LIMITED, TA_ERROR_INVALID_RESPONSE. */
void
ta_discovery_find_async (TaDiscovery *self, const char *id, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = ta_providers_find_oauth (id, &error);
  TaProvider *known = provider == NULL ? NULL : complete (self, provider);
  const Entry *entry;
  Find *find;

  g_task_set_source_tag (task, ta_discovery_find_async);
  if (provider == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (known != NULL)
    {
      g_task_return_pointer (task, known, (GDestroyNotify) ta_provider_unref);
      return;
    }
  find = g_new0 (Find, 1);
  find->provider = g_steal_pointer (&provider);
  find->uris = ta_metadata_uris (find->provider->issuer);
  g_task_set_task_data (task, find, (GDestroyNotify) find_free);
  entry = find_entry (self, find->provider);
  if (entry != NULL)
    finish (g_steal_pointer (&task), entry->metadata);
  else
    fetch_next (g_steal_pointer (&task));
}

/* (transfer full) */
TaProvider *
ta_discovery_find_finish (TaDiscovery *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
ta_discovery_init (TaDiscovery *self)
{
  self->known
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) entry_free);
}

static void
ta_discovery_finalize (GObject *object)
{
  TaDiscovery *self = TA_DISCOVERY (object);

  g_object_unref (self->http);
  g_object_unref (self->throttle);
  g_hash_table_unref (self->known);
  G_OBJECT_CLASS (ta_discovery_parent_class)->finalize (object);
}

static void
ta_discovery_class_init (TaDiscoveryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_discovery_finalize;
}

TaDiscovery *
ta_discovery_new (TaHttp *http, TaThrottle *throttle)
{
  TaDiscovery *self = g_object_new (TA_TYPE_DISCOVERY, NULL);

  self->http = g_object_ref (http);
  self->throttle = g_object_ref (throttle);
  return self;
}

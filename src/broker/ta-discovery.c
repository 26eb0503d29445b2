/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-discovery.h"

#include "broker/ta-metadata-cache.h"
#include "broker/ta-metadata-fetch.h"

/* A provider with all that its file leaves to the server: the file -> what is known of its issuer
 * -> one question to the issuer for all who wait for its answer. Each who waits for a token asks
 * for it, so the file is parsed only when it has changed: a crowd took longest for that. */

struct _TaDiscovery
{
  GObject parent_instance;

  TaHttp *http;               /* (owned) */
  TaThrottle *throttle;       /* (owned) */
  TaProviderCache *providers; /* (owned) */
  TaMetadataCache *cache;     /* (owned) */
  GHashTable *waiting;        /* (owned): issuer to GPtrArray of GTask: while it is asked */
};

G_DEFINE_FINAL_TYPE (TaDiscovery, ta_discovery, G_TYPE_OBJECT)

typedef struct
{
  TaProvider *provider;      /* (owned): as its file says */
  GCancellable *cancellable; /* (owned) (nullable) */
  gulong cancel_handler;
} Find;

/* One issuer is being asked. */
typedef struct
{
  TaDiscovery *discovery; /* (owned) */
  TaProvider *provider;   /* (owned): for which it was asked first */
} Inquiry;

static void
find_free (Find *find)
{
  g_clear_signal_handler (&find->cancel_handler, find->cancellable);
  g_clear_object (&find->cancellable);
  ta_provider_unref (find->provider);
  g_free (find);
}

static void
inquiry_free (Inquiry *inquiry)
{
  g_object_unref (inquiry->discovery);
  ta_provider_unref (inquiry->provider);
  g_free (inquiry);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Inquiry, inquiry_free)

static void
answer (GTask *task, const TaProvider *provider, const TaMetadata *metadata)
{
  GError *error = NULL;
  TaProvider *complete = ta_provider_complete (provider, metadata, &error);

  if (complete != NULL)
    g_task_return_pointer (task, complete, (GDestroyNotify) ta_provider_unref);
  else
    g_task_return_error (task, error);
}

/* (transfer full) (nullable): what counts of the issuer after it was asked: its answer, or what was
 * known before, if there is no answer or one that cannot be used. One that nothing can stand in for
 * is kept all the same, for the file to be mended. */
static TaMetadata *
choose_metadata (const Inquiry *inquiry, TaMetadata *fetched, gint64 lifetime)
{
  TaMetadataCache *cache = inquiry->discovery->cache;
  g_autoptr (TaProvider) complete
      = fetched == NULL ? NULL : ta_provider_complete (inquiry->provider, fetched, NULL);
  TaMetadata *spare
      = complete == NULL ? ta_metadata_cache_extend (cache, inquiry->provider->issuer) : NULL;

  if (spare != NULL)
    return ta_metadata_ref (spare);
  if (fetched == NULL)
    return NULL;
  ta_metadata_cache_add (cache, fetched, lifetime);
  return ta_metadata_ref (fetched);
}

static void
fetch_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Inquiry) inquiry = user_data;
  TaDiscovery *self = inquiry->discovery;
  g_autoptr (GError) error = NULL;
  gint64 lifetime;
  g_autoptr (TaMetadata) fetched
      = ta_metadata_fetch_finish (TA_HTTP (source), result, &lifetime, &error);
  g_autoptr (TaMetadata) metadata = choose_metadata (inquiry, fetched, lifetime);
  g_autoptr (GPtrArray) waiting
      = g_ptr_array_ref (g_hash_table_lookup (self->waiting, inquiry->provider->issuer));

  g_hash_table_remove (self->waiting, inquiry->provider->issuer);
  for (guint i = 0; i < waiting->len; i++)
    {
      GTask *task = waiting->pdata[i];
      Find *find = g_task_get_task_data (task);

      if (metadata != NULL)
        answer (task, find->provider, metadata);
      else
        g_task_return_error (task, g_error_copy (error));
    }
}

/* The issuer is asked all the same: others may wait for its answer, or will. */
static void
on_cancelled (GCancellable *cancellable, GTask *task)
{
  g_autoptr (GTask) owned = g_object_ref (task);
  TaDiscovery *self = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);
  GPtrArray *waiting = g_hash_table_lookup (self->waiting, find->provider->issuer);

  if (waiting != NULL && g_ptr_array_remove (waiting, task))
    g_task_return_error_if_cancelled (owned);
}

/* Takes the task. */
static void
wait_for_issuer (GTask *task)
{
  TaDiscovery *self = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);
  const char *issuer = find->provider->issuer;
  GPtrArray *waiting = g_hash_table_lookup (self->waiting, issuer);
  Inquiry *inquiry;

  if (find->cancellable != NULL)
    find->cancel_handler
        = g_signal_connect (find->cancellable, "cancelled", G_CALLBACK (on_cancelled), task);
  if (waiting != NULL)
    {
      g_ptr_array_add (waiting, task);
      return;
    }
  waiting = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (waiting, task);
  g_hash_table_insert (self->waiting, g_strdup (issuer), waiting);
  inquiry = g_new0 (Inquiry, 1);
  inquiry->discovery = g_object_ref (self);
  inquiry->provider = ta_provider_ref (find->provider);
  ta_metadata_fetch_async (self->http, self->throttle, issuer, fetch_cb, inquiry);
}

/* (transfer full) (nullable): the provider as it is known, if nobody has to be asked for it. */
static TaProvider *
complete (TaDiscovery *self, TaProvider *provider)
{
  const TaMetadata *known;

  if (provider->issuer == NULL)
    return ta_provider_ref (provider);
  known = ta_metadata_cache_find (self->cache, provider->issuer);
  return known == NULL ? NULL : ta_provider_complete (provider, known, NULL);
}

/* (transfer full): the address that is asked first when a provider's token endpoint is wanted: that
 * endpoint, or where its issuer says which it is.
 * Errors: TA_ERROR_NOT_CONFIGURED, TA_ERROR_NOT_SUPPORTED. */
char *
ta_discovery_find_place (TaDiscovery *self, const char *id, GError **error)
{
  g_autoptr (TaProvider) provider = ta_provider_cache_find_oauth (self->providers, id, error);
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
 * asked also those of ta_metadata_fetch_async(). */
void
ta_discovery_find_async (TaDiscovery *self, const char *id, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;
  TaProvider *provider = ta_provider_cache_find_oauth (self->providers, id, &error);
  const TaMetadata *known = NULL;
  Find *find;

  g_task_set_source_tag (task, ta_discovery_find_async);
  if (provider == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  find = g_new0 (Find, 1);
  find->provider = provider;
  find->cancellable = cancellable == NULL ? NULL : g_object_ref (cancellable);
  g_task_set_task_data (task, find, (GDestroyNotify) find_free);
  if (provider->issuer != NULL)
    known = ta_metadata_cache_find (self->cache, provider->issuer);
  if (provider->issuer == NULL)
    g_task_return_pointer (task, ta_provider_ref (provider), (GDestroyNotify) ta_provider_unref);
  else if (known != NULL)
    answer (task, provider, known);
  else if (!g_task_return_error_if_cancelled (task))
    wait_for_issuer (g_steal_pointer (&task));
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
  self->providers = ta_provider_cache_new ();
  self->cache = ta_metadata_cache_new ();
  self->waiting
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
}

static void
ta_discovery_finalize (GObject *object)
{
  TaDiscovery *self = TA_DISCOVERY (object);

  g_object_unref (self->http);
  g_object_unref (self->throttle);
  ta_metadata_cache_free (self->cache);
  ta_provider_cache_free (self->providers);
  g_hash_table_unref (self->waiting);
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

/* Owned by the discovery. */
TaProviderCache *
ta_discovery_get_providers (TaDiscovery *self)
{
  return self->providers;
}

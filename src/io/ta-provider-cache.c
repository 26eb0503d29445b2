/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-provider-cache.h"

#include "io/ta-file-state.h"
#include "io/ta-providers.h"

/* Providers for what asks for one with each call. The file is looked at each time, and it is read,
 * judged and parsed only when it has changed or another one counts: a change of owner or mode is
 * one, too. What could not be used is not kept. */

struct _TaProviderCache
{
  GHashTable *entries; /* (owned): id to Entry */
};

typedef struct
{
  TaFileState file;
  TaProvider *provider; /* (owned) (nullable) */
} Entry;

static void
entry_free (Entry *entry)
{
  ta_file_state_clear (&entry->file);
  g_clear_pointer (&entry->provider, ta_provider_unref);
  g_free (entry);
}

TaProviderCache *
ta_provider_cache_new (void)
{
  TaProviderCache *self = g_new0 (TaProviderCache, 1);

  self->entries
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) entry_free);
  return self;
}

void
ta_provider_cache_free (TaProviderCache *self)
{
  g_hash_table_unref (self->entries);
  g_free (self);
}

/* Like ta_providers_find(). */
TaProvider *
ta_provider_cache_find (TaProviderCache *self, const char *id, GError **error)
{
  Entry *entry = g_hash_table_lookup (self->entries, id);
  g_autofree char *path = NULL;

  if (!ta_provider_is_id (id))
    return ta_providers_find (id, error);
  path = ta_providers_find_path (id);
  if (entry != NULL && entry->provider != NULL && ta_file_state_is_current (&entry->file, path))
    return ta_provider_ref (entry->provider);
  entry = g_new0 (Entry, 1);
  g_hash_table_replace (self->entries, g_strdup (id), entry);
  ta_file_state_note (&entry->file, path);
  entry->provider = ta_providers_find (id, error);
  return entry->provider == NULL ? NULL : ta_provider_ref (entry->provider);
}

/* Like ta_providers_find_oauth(). */
TaProvider *
ta_provider_cache_find_oauth (TaProviderCache *self, const char *id, GError **error)
{
  g_autoptr (TaProvider) provider = ta_provider_cache_find (self, id, error);

  return provider != NULL && ta_providers_check_oauth (provider, error)
             ? g_steal_pointer (&provider)
             : NULL;
}

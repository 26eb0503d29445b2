/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-metadata-cache.h"

#include "io/ta-clock.h"

/* Metadata is kept in memory for as long as its response allows. An issuer that is asked in vain
 * afterwards is taken at its old word a little longer, so that no refresh waits for a server that
 * is out of order for a moment; but once only: who keeps us from the issuer must not make an old
 * word count for ever. */

#define STALE_LIFETIME 300 /* seconds */

struct _TaMetadataCache
{
  GHashTable *entries; /* (owned): issuer to Entry */
};

typedef struct
{
  TaMetadata *metadata; /* (owned) */
  gint64 expires_at;    /* on the boot clock, seconds */
  gboolean is_extended;
} Entry;

static void
entry_free (Entry *entry)
{
  ta_metadata_unref (entry->metadata);
  g_free (entry);
}

TaMetadataCache *
ta_metadata_cache_new (void)
{
  TaMetadataCache *self = g_new0 (TaMetadataCache, 1);

  self->entries
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) entry_free);
  return self;
}

void
ta_metadata_cache_free (TaMetadataCache *self)
{
  g_hash_table_unref (self->entries);
  g_free (self);
}

/* (nullable): what is known of the issuer and counts. Owned by the cache. */
TaMetadata *
ta_metadata_cache_find (TaMetadataCache *self, const char *issuer)
{
  const Entry *entry = g_hash_table_lookup (self->entries, issuer);

  return entry != NULL && entry->expires_at > ta_clock_now ().boot ? entry->metadata : NULL;
}

/* (nullable): what was known of the issuer, which counts again; it was asked in vain. Owned by the
 * cache. */
TaMetadata *
ta_metadata_cache_extend (TaMetadataCache *self, const char *issuer)
{
  Entry *entry = g_hash_table_lookup (self->entries, issuer);

  if (entry == NULL || entry->is_extended)
    return NULL;
  entry->is_extended = TRUE;
  entry->expires_at = ta_clock_now ().boot + STALE_LIFETIME;
  return entry->metadata;
}

/* `lifetime`: seconds. */
void
ta_metadata_cache_add (TaMetadataCache *self, TaMetadata *metadata, gint64 lifetime)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->metadata = ta_metadata_ref (metadata);
  entry->expires_at = ta_clock_now ().boot + lifetime;
  g_hash_table_replace (self->entries, g_strdup (metadata->issuer), entry);
}

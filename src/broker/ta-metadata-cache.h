/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-metadata.h"

G_BEGIN_DECLS

/* What issuers said of themselves. */
typedef struct _TaMetadataCache TaMetadataCache;

TaMetadataCache *ta_metadata_cache_new (void);
void ta_metadata_cache_free (TaMetadataCache *self);
TaMetadata *ta_metadata_cache_find (TaMetadataCache *self, const char *issuer);
TaMetadata *ta_metadata_cache_extend (TaMetadataCache *self, const char *issuer);
void ta_metadata_cache_add (TaMetadataCache *self, TaMetadata *metadata, gint64 lifetime);

G_END_DECLS

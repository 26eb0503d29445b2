/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-provider.h"

G_BEGIN_DECLS

typedef struct _TaProviderCache TaProviderCache;

TaProviderCache *ta_provider_cache_new (void);
void ta_provider_cache_free (TaProviderCache *self);
TaProvider *ta_provider_cache_find (TaProviderCache *self, const char *id, GError **error);
TaProvider *ta_provider_cache_find_oauth (TaProviderCache *self, const char *id, GError **error);

G_END_DECLS

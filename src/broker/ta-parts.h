/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-discovery.h"
#include "broker/ta-dpop-nonces.h"
#include "broker/ta-throttle.h"
#include "io/ta-http.h"
#include "io/ta-provider-cache.h"
#include "io/ta-store.h"
#include "io/ta-wake.h"
#include "oauth/ta-client.h"
#include "oauth/ta-provider.h"

G_BEGIN_DECLS

/* The outside things that everything in this folder works with: reference-counted. */
typedef struct
{
  TaHttp *http;                 /* (owned): for the providers */
  TaHttp *api;                  /* (owned): for API calls, which must not keep those waiting */
  TaStore *store;               /* (owned) */
  TaProviderCache *providers;   /* (unowned): of the discovery */
  TaWake *wake;                 /* (owned) */
  TaThrottle *throttle;         /* (owned) */
  TaDiscovery *discovery;       /* (owned) */
  TaDpopNonces *nonces;         /* (owned) */
  char *environment_id;         /* (owned) (nullable): client id given to provider tidio */
  TaSecret *environment_secret; /* (owned) (nullable): and its secret */
  GCancellable *ending;         /* (owned): cancelled when the process is going to end */
} TaParts;

TaParts *ta_parts_new (const char *environment_id, const char *environment_secret);
TaParts *ta_parts_ref (TaParts *self);
void ta_parts_unref (TaParts *self);
void ta_parts_find_client_async (TaParts *self, TaProvider *provider, gboolean may_prompt,
                                 GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
TaClient *ta_parts_find_client_finish (TaParts *self, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaParts, ta_parts_unref)

G_END_DECLS

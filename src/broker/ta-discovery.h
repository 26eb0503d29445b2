/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-throttle.h"
#include "io/ta-http.h"
#include "io/ta-provider-cache.h"
#include "oauth/ta-provider.h"

G_BEGIN_DECLS

#define TA_TYPE_DISCOVERY (ta_discovery_get_type ())
G_DECLARE_FINAL_TYPE (TaDiscovery, ta_discovery, TA, DISCOVERY, GObject)

TaDiscovery *ta_discovery_new (TaHttp *http, TaThrottle *throttle);
TaProviderCache *ta_discovery_get_providers (TaDiscovery *self);
char *ta_discovery_find_place (TaDiscovery *self, const char *provider, GError **error);
void ta_discovery_find_async (TaDiscovery *self, const char *provider, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
TaProvider *ta_discovery_find_finish (TaDiscovery *self, GAsyncResult *result, GError **error);

G_END_DECLS

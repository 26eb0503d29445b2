/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-store-item.h"

#include <libsecret/secret.h>

G_BEGIN_DECLS

typedef enum
{
  TA_SEARCH_NO_SECRETS,
  TA_SEARCH_ALL_SECRETS,  /* it fails if there is an item whose secret is no text */
  TA_SEARCH_SOME_SECRETS, /* one that is no text is NULL */
} TaSearchSecrets;

void ta_search_async (SecretService *service, const char *collection, const SecretSchema *schema,
                      GHashTable *attributes, TaSearchSecrets secrets, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ta_search_finish (SecretService *service, GAsyncResult *result, GError **error);

G_END_DECLS

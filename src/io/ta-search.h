/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"

#include <libsecret/secret.h>

G_BEGIN_DECLS

typedef enum
{
  TA_SEARCH_NO_SECRETS,
  TA_SEARCH_ALL_SECRETS,  /* it fails if there is an item whose secret is no text */
  TA_SEARCH_SOME_SECRETS, /* it is left to the caller to look */
} TaSearchSecrets;

void ta_search_async (SecretService *service, SecretCollection *collection,
                      const SecretSchema *schema, GHashTable *attributes, TaSearchSecrets secrets,
                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
GList *ta_search_finish (SecretService *service, GAsyncResult *result, GError **error);
TaSecret *ta_search_get_text (SecretItem *item);

G_END_DECLS

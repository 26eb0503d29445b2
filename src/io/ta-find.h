/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-keyring.h"

G_BEGIN_DECLS

typedef enum
{
  TA_FIND_NONE = 0,
  TA_FIND_PROMPT = 1 << 0,  /* the user may be asked to unlock the collection */
  TA_FIND_CREATE = 1 << 1,  /* the collection is wanted even if it is not there yet */
  TA_FIND_SECRETS = 1 << 2, /* of the items found */
  TA_FIND_AT_ONCE = 1 << 3, /* only what a search finds at once */
} TaFindFlags;

void ta_find_async (TaKeyring *keyring, const SecretSchema *schema, GHashTable *attributes,
                    TaFindFlags flags, TaDeadline *deadline, GAsyncReadyCallback callback,
                    gpointer user_data);
GPtrArray *ta_find_finish (TaKeyring *keyring, GAsyncResult *result, SecretService **service,
                           char **collection, GError **error);

G_END_DECLS

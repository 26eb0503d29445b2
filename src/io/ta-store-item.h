/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"

#include <libsecret/secret.h>

G_BEGIN_DECLS

/* One item of the Secret Service. */
typedef struct
{
  char *id;         /* (owned): opaque, a UUID */
  TaSecret *secret; /* (owned): one JSON object */
} TaStoreItem;

TaStoreItem *ta_store_item_new (SecretItem *found, const char *id);
void ta_store_item_free (TaStoreItem *item);

G_END_DECLS

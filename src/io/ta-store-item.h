/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"

G_BEGIN_DECLS

/* One item of the Secret Service. */
typedef struct
{
  char *path;       /* (owned): of its object on the bus */
  char *id;         /* (owned) (nullable): opaque, a UUID */
  TaSecret *secret; /* (owned) (nullable): one JSON object */
} TaStoreItem;

TaStoreItem *ta_store_item_new (const char *path, const char *id);
gboolean ta_store_item_is_among (GPtrArray *items, const char *id);
void ta_store_item_free (TaStoreItem *item);

G_END_DECLS

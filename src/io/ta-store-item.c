/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-store-item.h"

#include "io/ta-search.h"

/* `found`: with its secret; one that is no text becomes empty. */
TaStoreItem *
ta_store_item_new (SecretItem *found, const char *id)
{
  TaSecret *text = ta_search_get_text (found);
  TaStoreItem *item = g_new0 (TaStoreItem, 1);

  item->id = g_strdup (id);
  item->secret = text != NULL ? text : ta_secret_new ("");
  return item;
}

void
ta_store_item_free (TaStoreItem *item)
{
  g_free (item->id);
  ta_secret_unref (item->secret);
  g_free (item);
}

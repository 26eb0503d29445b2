/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-store-item.h"

/* `id` (nullable): not known yet. */
TaStoreItem *
ta_store_item_new (const char *path, const char *id)
{
  TaStoreItem *item = g_new0 (TaStoreItem, 1);

  item->path = g_strdup (path);
  item->id = g_strdup (id);
  return item;
}

/* Whether one of the items (element-type TaStoreItem), whose ids are known, has that id. */
gboolean
ta_store_item_is_among (GPtrArray *items, const char *id)
{
  for (guint i = 0; i < items->len; i++)
    if (g_str_equal (((const TaStoreItem *) items->pdata[i])->id, id))
      return TRUE;
  return FALSE;
}

void
ta_store_item_free (TaStoreItem *item)
{
  g_free (item->path);
  g_free (item->id);
  g_clear_pointer (&item->secret, ta_secret_unref);
  g_free (item);
}

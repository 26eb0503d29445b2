/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-news.h"

#include "io/ta-store-item.h"

/* One item, read without a look into all others as long as none of them came or went: which items
 * are there? -> the same as when all were read last: only that one. Whatever goes wrong on the way,
 * or is not as it was, calls for all to be read.
 *
 * With a thousand accounts, reading all takes more than a thousand calls, and this takes five. */

typedef struct
{
  const SecretSchema *schema; /* (unowned): static */
  char *id;                   /* (owned) */
  char *known;                /* (owned) (nullable) */
  char *present;              /* (owned) (nullable) */
  TaDeadline *deadline;       /* (unowned): outlives the task */
} News;

static void
news_free (News *self)
{
  g_free (self->id);
  g_free (self->known);
  g_free (self->present);
  g_free (self);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const TaStoreItem *const *first = a;
  const TaStoreItem *const *second = b;

  return g_strcmp0 ((*first)->path, (*second)->path);
}

/* What is the same for the same paths only, in whatever order they are told. */
static char *
sum_up (GPtrArray *items)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  g_ptr_array_sort (items, compare);
  for (guint i = 0; i < items->len; i++)
    {
      const char *path = ((const TaStoreItem *) items->pdata[i])->path;

      g_checksum_update (sum, (const guchar *) path, (gssize) strlen (path) + 1);
    }
  return g_strdup (g_checksum_get_string (sum));
}

static void
item_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (SecretService) service = NULL;
  g_autofree char *collection = NULL;
  g_autoptr (GPtrArray) items
      = ta_find_finish (TA_KEYRING (source), result, &service, &collection, NULL);
  gboolean is_whole
      = items != NULL && items->len == 1 && ((const TaStoreItem *) items->pdata[0])->secret != NULL;

  g_task_return_pointer (task, is_whole ? g_steal_pointer (&items) : NULL,
                         (GDestroyNotify) g_ptr_array_unref);
}

static void
paths_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  News *self = g_task_get_task_data (task);
  g_autoptr (GHashTable) attributes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (SecretService) service = NULL;
  g_autofree char *collection = NULL;
  g_autoptr (GPtrArray) items
      = ta_find_finish (TA_KEYRING (source), result, &service, &collection, NULL);

  if (items != NULL)
    self->present = sum_up (items);
  if (self->present == NULL || g_strcmp0 (self->present, self->known) != 0)
    {
      g_task_return_pointer (task, NULL, NULL);
      return;
    }
  g_hash_table_insert (attributes, (char *) self->schema->attributes[0].name,
                       g_steal_pointer (&self->id));
  ta_find_async (TA_KEYRING (source), self->schema, attributes, TA_FIND_SECRETS, self->deadline,
                 item_cb, g_steal_pointer (&task));
}

/* `known` (nullable): which items were present when all were read last. `deadline` must live until
 * the callback. */
void
ta_news_async (TaKeyring *keyring, const SecretSchema *schema, const char *id, const char *known,
               TaDeadline *deadline, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (keyring, NULL, callback, user_data);
  g_autoptr (GHashTable) attributes = g_hash_table_new (g_str_hash, g_str_equal);
  News *self = g_new0 (News, 1);

  g_task_set_source_tag (task, ta_news_async);
  self->schema = schema;
  self->id = g_strdup (id);
  self->known = g_strdup (known);
  self->deadline = deadline;
  g_task_set_task_data (task, self, (GDestroyNotify) news_free);
  ta_find_async (keyring, schema, attributes, TA_FIND_AT_ONCE, deadline, paths_cb, task);
}

/* (transfer full) (nullable) (element-type TaStoreItem): the item; NULL: all have to be read.
 * `present` (out) (nullable): which items there are, before all are read. */
GPtrArray *
ta_news_finish (TaKeyring *keyring, GAsyncResult *result, char **present)
{
  News *self;

  g_return_val_if_fail (g_task_is_valid (result, keyring), NULL);
  self = g_task_get_task_data (G_TASK (result));
  *present = g_steal_pointer (&self->present);
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

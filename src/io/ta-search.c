/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Only for what takes paths, which has been there since libsecret 0.16. */
#define SECRET_API_SUBJECT_TO_CHANGE
#include "ta-search.h"

#include "io/ta-collection.h"
#include "io/ta-keyring-call.h"
#include "io/ta-secrets.h"

/* A search whose answer can be believed, in the order the functions stand below, from the last one
 * up: items, in whatever collection they lie, because the default one may be another than it was ->
 * their secrets -> their ids -> if anything is missing: is the default collection unlocked still? A
 * collection that was locked in between finds nothing, or has no secrets to give. libsecret's own
 * search drops the error if the secrets cannot be read, which would make a good item look damaged.
 * So does a session whose ends have different keys, as KWallet opens one now and then: what comes
 * through it is nothing, or rubbish, and only another session tells if the item is at fault. */

/* Calls at the same time: a bus limits those that are not answered yet. */
#define ASKED_MAX 32

/* Secrets of one answer: a long one leaves a hole of its size in the memory of the process. */
#define SECRETS_MAX 32

typedef struct
{
  char *collection;    /* (owned) (nullable): path of the default one */
  const char *id_name; /* (unowned): of the attribute */
  char *id;            /* (owned) (nullable): of all that is found, as it was asked for */
  TaSearchSecrets secrets;
  GPtrArray *items; /* (owned) (element-type TaStoreItem) */
  guint n_read;     /* of these: the service was asked for their secrets */
  guint n_told;     /* of these: it answered */
  guint n_begun;    /* of these: were asked for their id */
  guint n_asked;    /* of these: did not answer yet */
  GError *error;    /* (owned) (nullable): the first that came instead */
} Search;

typedef struct
{
  GTask *task;       /* (owned) */
  TaStoreItem *item; /* (unowned): as long as the task */
} Ask;

static void
search_free (Search *search)
{
  g_ptr_array_unref (search->items);
  g_free (search->collection);
  g_clear_error (&search->error);
  g_free (search->id);
  g_free (search);
}

static void
succeed (GTask *task)
{
  Search *search = g_task_get_task_data (task);

  g_task_return_pointer (task, g_ptr_array_ref (search->items), (GDestroyNotify) g_ptr_array_unref);
}

static void
locked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Search *search = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean is_locked;

  if (!ta_collection_look_finish (source, result, &is_locked, &error))
    g_task_return_error (task, error);
  else if (is_locked)
    g_task_return_new_error (task, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "Locked");
  else if (search->items->len > 0 && search->secrets == TA_SEARCH_ALL_SECRETS)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "A secret is no text");
  else
    succeed (task);
}

static gboolean
is_whole (const Search *search)
{
  for (guint i = 0; search->secrets != TA_SEARCH_NO_SECRETS && i < search->items->len; i++)
    if (((const TaStoreItem *) search->items->pdata[i])->secret == NULL)
      return FALSE;
  return search->items->len > 0;
}

static void
check_locked (GTask *task)
{
  Search *search = g_task_get_task_data (task);

  if (is_whole (search) || search->collection == NULL)
    succeed (task);
  else
    ta_collection_look_async (g_task_get_source_object (task), search->collection,
                              g_task_get_cancellable (task), locked_cb, g_object_ref (task));
}

static void ask_for_ids (GTask *task);

/* Whether the item is not there any more, or none of ours. */
static gboolean
is_nothing (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA)
         || ta_keyring_call_is_gone (error);
}

static void
attributes_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Ask *ask = user_data;
  g_autoptr (GTask) task = ask->task;
  Search *search = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) attributes = ta_keyring_call_get_finish (source, result, "a{ss}", &error);

  search->n_asked--;
  if (attributes != NULL)
    g_variant_lookup (attributes, search->id_name, "s", &ask->item->id);
  else if (search->error == NULL && !is_nothing (error))
    search->error = g_steal_pointer (&error);
  ask_for_ids (task);
}

static void
ask_for_id (GTask *task, TaStoreItem *item)
{
  Search *search = g_task_get_task_data (task);
  Ask *ask = g_new0 (Ask, 1);

  ask->task = g_object_ref (task);
  ask->item = item;
  search->n_asked++;
  ta_keyring_call_get (g_task_get_source_object (task), item->path, "org.freedesktop.Secret.Item",
                       "Attributes", g_task_get_cancellable (task), attributes_cb, ask);
}

/* A search for one item knows its id; that of all items has to ask each, unless it is only about
 * which there are. */
static void
ask_for_ids (GTask *task)
{
  Search *search = g_task_get_task_data (task);

  while (search->id == NULL && search->secrets != TA_SEARCH_NO_SECRETS && search->error == NULL
         && search->n_asked < ASKED_MAX && search->n_begun < search->items->len)
    ask_for_id (task, search->items->pdata[search->n_begun++]);
  if (search->n_asked > 0)
    return;
  if (search->error != NULL)
    g_task_return_error (task, g_steal_pointer (&search->error));
  else
    check_locked (task);
}

static void ask_for_secrets (GTask *task);

static void
secrets_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Search *search = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) secrets = ta_secrets_read_finish (SECRET_SERVICE (source), result, &error);

  if (secrets == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  for (; search->n_told < search->n_read; search->n_told++)
    {
      TaStoreItem *item = search->items->pdata[search->n_told];
      TaSecret *secret = g_hash_table_lookup (secrets, item->path);

      item->secret = secret == NULL ? NULL : ta_secret_ref (secret);
    }
  if (search->n_read < search->items->len)
    ask_for_secrets (task);
  else
    ask_for_ids (task);
}

static void
ask_for_secrets (GTask *task)
{
  Search *search = g_task_get_task_data (task);
  const char *paths[SECRETS_MAX + 1] = { NULL };

  for (guint i = 0; i < SECRETS_MAX && search->n_read < search->items->len; i++)
    paths[i] = ((const TaStoreItem *) search->items->pdata[search->n_read++])->path;
  ta_secrets_read_async (g_task_get_source_object (task), paths, g_task_get_cancellable (task),
                         secrets_cb, g_object_ref (task));
}

static void
paths_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Search *search = g_task_get_task_data (task);
  g_auto (GStrv) paths = NULL;
  g_auto (GStrv) locked = NULL;
  g_autoptr (GError) error = NULL;

  if (!secret_service_search_for_dbus_paths_finish (SECRET_SERVICE (source), result, &paths,
                                                    &locked, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  for (guint i = 0; paths != NULL && paths[i] != NULL; i++)
    g_ptr_array_add (search->items, ta_store_item_new (paths[i], search->id));
  if (search->items->len == 0 && locked != NULL && locked[0] != NULL)
    g_task_return_new_error (task, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "Locked");
  else if (search->items->len > 0 && search->secrets != TA_SEARCH_NO_SECRETS)
    ask_for_secrets (task);
  else
    check_locked (task);
}

/* Finds the items of all unlocked collections; `collection` (nullable): the path of the default
 * one, which is unlocked. `attributes`: the first one of the schema, or none. Errors:
 * SECRET_ERROR_IS_LOCKED; others: the Secret Service failed. */
void
ta_search_async (SecretService *service, const char *collection, const SecretSchema *schema,
                 GHashTable *attributes, TaSearchSecrets secrets, GCancellable *cancellable,
                 GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (service, cancellable, callback, user_data);
  Search *search = g_new0 (Search, 1);

  g_task_set_source_tag (task, ta_search_async);
  search->collection = g_strdup (collection);
  search->id_name = schema->attributes[0].name;
  search->id = g_strdup (g_hash_table_lookup (attributes, search->id_name));
  search->secrets = secrets;
  search->items = g_ptr_array_new_with_free_func ((GDestroyNotify) ta_store_item_free);
  g_task_set_task_data (task, search, (GDestroyNotify) search_free);
  secret_service_search_for_dbus_paths (service, schema, attributes, cancellable, paths_cb, task);
}

/* (transfer full) (element-type TaStoreItem): empty: there are none. An item has no id if it is
 * gone, or none of ours; all lack theirs if they were asked for nothing else. */
GPtrArray *
ta_search_finish (SecretService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

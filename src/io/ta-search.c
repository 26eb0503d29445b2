/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-search.h"

/* A search whose answer can be believed, in the order the functions stand below: items, in whatever
 * collection they lie, because the default one may be another than it was -> their secrets -> if
 * anything is missing: is the default collection unlocked still? A collection that was locked
 * in between finds nothing, or has no secrets to give. libsecret's own search drops the error if
 * the secrets cannot be read, which would make a good item look damaged. So does a session whose
 * ends have different keys, as KWallet opens one now and then: what comes through it is nothing, or
 * rubbish, and only another session tells whether the item is at fault. */

typedef struct
{
  SecretCollection *collection; /* (owned) (nullable): the default one */
  TaSearchSecrets secrets;
  GList *items; /* (owned) (element-type SecretItem) */
} Search;

static void
free_items (gpointer items)
{
  g_list_free_full (items, g_object_unref);
}

static void
search_free (Search *search)
{
  free_items (search->items);
  g_clear_object (&search->collection);
  g_free (search);
}

static void
locked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Search *search = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, &error);
  g_autoptr (GVariant) locked = NULL;

  if (answer == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (g_variant_is_of_type (answer, G_VARIANT_TYPE ("(v)")))
    g_variant_get (answer, "(v)", &locked);
  if (locked != NULL && g_variant_is_of_type (locked, G_VARIANT_TYPE_BOOLEAN)
      && g_variant_get_boolean (locked))
    g_task_return_new_error (task, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "Locked");
  else if (search->items != NULL && search->secrets == TA_SEARCH_ALL_SECRETS)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "A secret is no text");
  else
    g_task_return_pointer (task, g_steal_pointer (&search->items), free_items);
}

/* (transfer full) (nullable): the secret of an item that was found with it, NULL if it is no text.
 * Its content type is not asked: services change it. */
TaSecret *
ta_search_get_text (SecretItem *item)
{
  g_autoptr (SecretValue) value = secret_item_get_secret (item);
  gsize length;
  const char *text;

  if (value == NULL)
    return NULL;
  text = secret_value_get (value, &length);
  /* No NUL is valid UTF-8 here; libsecret puts one behind the end. */
  return g_utf8_validate_len (text, length, NULL) ? ta_secret_new (text) : NULL;
}

static gboolean
is_whole (const Search *search)
{
  if (search->secrets == TA_SEARCH_NO_SECRETS)
    return search->items != NULL;
  for (GList *link = search->items; link != NULL; link = link->next)
    {
      g_autoptr (TaSecret) text = ta_search_get_text (link->data);

      if (text == NULL)
        return FALSE;
    }
  return search->items != NULL;
}

/* Takes the task. */
static void
check_locked (GTask *task)
{
  Search *search = g_task_get_task_data (task);

  if (!is_whole (search) && search->collection != NULL)
    {
      g_dbus_proxy_call (G_DBUS_PROXY (search->collection), "org.freedesktop.DBus.Properties.Get",
                         g_variant_new ("(ss)", "org.freedesktop.Secret.Collection", "Locked"),
                         G_DBUS_CALL_FLAGS_NONE, -1, g_task_get_cancellable (task), locked_cb,
                         task);
      return;
    }
  g_task_return_pointer (task, g_steal_pointer (&search->items), free_items);
  g_object_unref (task);
}

static void
secrets_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (secret_item_load_secrets_finish (result, &error))
    check_locked (g_steal_pointer (&task));
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Leaves out what is locked. Whether something was. */
static gboolean
drop_locked (Search *search)
{
  gboolean is_any = FALSE;
  GList *next;

  for (GList *link = search->items; link != NULL; link = next)
    {
      next = link->next;
      if (!secret_item_get_locked (link->data))
        continue;
      is_any = TRUE;
      g_object_unref (link->data);
      search->items = g_list_delete_link (search->items, link);
    }
  return is_any;
}

static void
items_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Search *search = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (GError) error = NULL;

  gboolean is_any_locked;

  search->items = secret_service_search_finish (SECRET_SERVICE (source), result, &error);
  is_any_locked = drop_locked (search);
  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (search->items == NULL && is_any_locked)
    g_task_return_new_error (task, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "Locked");
  else if (search->items != NULL && search->secrets != TA_SEARCH_NO_SECRETS)
    secret_item_load_secrets (search->items, cancellable, secrets_cb, g_steal_pointer (&task));
  else
    check_locked (g_steal_pointer (&task));
}

/* Finds the items of all unlocked collections; `collection` (nullable): the default one, unlocked.
 * Errors: SECRET_ERROR_IS_LOCKED; others: the Secret Service failed. */
void
ta_search_async (SecretService *service, SecretCollection *collection, const SecretSchema *schema,
                 GHashTable *attributes, TaSearchSecrets secrets, GCancellable *cancellable,
                 GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (service, cancellable, callback, user_data);
  Search *search = g_new0 (Search, 1);

  g_task_set_source_tag (task, ta_search_async);
  search->collection = collection == NULL ? NULL : g_object_ref (collection);
  search->secrets = secrets;
  g_task_set_task_data (task, search, (GDestroyNotify) search_free);
  secret_service_search (service, schema, attributes, SECRET_SEARCH_ALL, cancellable, items_cb,
                         task);
}

/* (transfer full) (element-type SecretItem): NULL with no error: there are none. */
GList *
ta_search_finish (SecretService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

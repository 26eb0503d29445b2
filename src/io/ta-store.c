/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-store.h"

#include "io/ta-keyring.h"

/* A keeper of small JSON objects: each in a Secret Service item of its own, found by its schema and
 * an opaque id; nothing readable stands in label or attributes, because those are not encrypted.
 * The secret_password_* functions of libsecret are not used: they choose a file instead of the
 * service by environment. */

struct _TaStore
{
  GObject parent_instance;

  TaKeyring *keyring; /* (owned) */
};

G_DEFINE_FINAL_TYPE (TaStore, ta_store, G_TYPE_OBJECT)

static const SecretSchema schemas[] = {
  [TA_STORE_ACCOUNT] = { "org.tidio.Auth.Account",
                         SECRET_SCHEMA_NONE,
                         { { "account", SECRET_SCHEMA_ATTRIBUTE_STRING },
                           { "version", SECRET_SCHEMA_ATTRIBUTE_STRING } } },
  [TA_STORE_CLIENT] = { "org.tidio.Auth.Client",
                        SECRET_SCHEMA_NONE,
                        { { "client", SECRET_SCHEMA_ATTRIBUTE_STRING },
                          { "version", SECRET_SCHEMA_ATTRIBUTE_STRING } } },
};

typedef struct
{
  TaStoreKind kind;
  char *id;                     /* (owned) (nullable): the item; NULL: all of the kind */
  TaSecret *secret;             /* (owned) (nullable): what to save */
  TaDeadline *deadline;         /* (owned) */
  SecretService *service;       /* (owned) (nullable): in use while the next two are */
  SecretCollection *collection; /* (owned) (nullable) */
  GList *items;                 /* (owned): found, still to be deleted */
} Call;

static void
call_free (Call *call)
{
  g_free (call->id);
  g_clear_pointer (&call->secret, ta_secret_unref);
  ta_deadline_free (call->deadline);
  g_list_free_full (call->items, g_object_unref);
  g_clear_object (&call->collection);
  g_clear_object (&call->service);
  g_free (call);
}

/* Takes the task. */
static void
fail (GTask *task, const GError *error)
{
  Call *call = g_task_get_task_data (task);

  g_task_return_error (task, ta_keyring_translate (error, call->deadline));
  g_object_unref (task);
}

static void
succeed (GTask *task)
{
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static const char *
get_id_name (TaStoreKind kind)
{
  return schemas[kind].attributes[0].name;
}

/* Starts a call; `found` gets the task as its user data. */
static void
start (TaStore *self, GTask *task, TaStoreKind kind, const char *id, TaSecret *secret,
       TaKeyringFlags flags, GAsyncReadyCallback found)
{
  g_autoptr (GHashTable) attributes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  Call *call = g_new0 (Call, 1);

  call->kind = kind;
  call->id = g_strdup (id);
  call->secret = secret != NULL ? ta_secret_ref (secret) : NULL;
  call->deadline = ta_deadline_new (TA_KEYRING_TIMEOUT, g_task_get_cancellable (task));
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, call, (GDestroyNotify) call_free);
  if (id != NULL)
    g_hash_table_insert (attributes, (char *) get_id_name (kind), g_strdup (id));
  ta_keyring_find_async (self->keyring, &schemas[kind], attributes, flags, call->deadline, found,
                         task);
}

/* Ends the search. FALSE: the task has returned its error. */
static gboolean
take_found (GTask *task, GObject *source, GAsyncResult *result)
{
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;

  call->items = ta_keyring_find_finish (TA_KEYRING (source), result, &call->service,
                                        &call->collection, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  return error == NULL;
}

static TaStoreItem *
create_store_item (SecretItem *found, TaStoreKind kind)
{
  g_autoptr (GHashTable) attributes = secret_item_get_attributes (found);
  g_autoptr (SecretValue) value = secret_item_get_secret (found);
  const char *id = g_hash_table_lookup (attributes, get_id_name (kind));
  const char *text = value == NULL ? NULL : secret_value_get_text (value);
  TaStoreItem *item;

  if (id == NULL)
    return NULL;
  item = g_new0 (TaStoreItem, 1);
  item->id = g_strdup (id);
  item->secret = ta_secret_new (text != NULL ? text : "");
  return item;
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GPtrArray) items
      = g_ptr_array_new_with_free_func ((GDestroyNotify) ta_store_item_free);

  if (!take_found (task, source, result))
    return;
  for (GList *link = call->items; link != NULL; link = link->next)
    {
      TaStoreItem *item = create_store_item (link->data, call->kind);

      if (item != NULL)
        g_ptr_array_add (items, item);
    }
  g_task_return_pointer (task, g_steal_pointer (&items), (GDestroyNotify) g_ptr_array_unref);
}

/* All items of a kind; one whose secret is no text has an empty one. `may_prompt`: the user may be
 * asked to unlock the keyring.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_store_load_async (TaStore *self, TaStoreKind kind, gboolean may_prompt,
                     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_store_load_async);
  start (self, task, kind, NULL, NULL,
         TA_KEYRING_SECRETS | (may_prompt ? TA_KEYRING_PROMPT : TA_KEYRING_NONE), load_cb);
}

/* (transfer full) (element-type TaStoreItem) */
GPtrArray *
ta_store_load_finish (TaStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
set_secret_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  g_autoptr (GError) error = NULL;

  if (secret_item_set_secret_finish (SECRET_ITEM (source), result, &error))
    succeed (task);
  else
    fail (task, error);
}

static void
create_item_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SecretItem) item = secret_item_create_finish (result, &error);

  if (item != NULL)
    succeed (task);
  else
    fail (task, error);
}

/* An item that exists is given a new secret rather than replaced: KeePassXC would ask the user. */
static void
save_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  GCancellable *cancellable = ta_deadline_get_cancellable (call->deadline);
  g_autoptr (SecretValue) value
      = secret_value_new (ta_secret_peek (call->secret), -1, "application/json");
  g_autoptr (GHashTable) attributes = NULL;

  if (!take_found (task, source, result))
    return;
  if (call->items != NULL)
    {
      secret_item_set_secret (call->items->data, value, cancellable, set_secret_cb,
                              g_steal_pointer (&task));
      return;
    }
  attributes = secret_attributes_build (&schemas[call->kind], get_id_name (call->kind), call->id,
                                        "version", "1", NULL);
  secret_item_create (call->collection, &schemas[call->kind], attributes, "Tidio Auth", value,
                      SECRET_ITEM_CREATE_NONE, cancellable, create_item_cb,
                      g_steal_pointer (&task));
}

/* Writes one item; it is kept when this is done. `may_prompt`: the user may be asked to unlock the
 * keyring or to create one.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_store_save_async (TaStore *self, TaStoreKind kind, const char *id, TaSecret *secret,
                     gboolean may_prompt, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_store_save_async);
  start (self, task, kind, id, secret,
         TA_KEYRING_CREATE | (may_prompt ? TA_KEYRING_PROMPT : TA_KEYRING_NONE), save_cb);
}

gboolean
ta_store_save_finish (TaStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Takes the task. */
static void delete_next (GTask *task);

static void
delete_item_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  g_autoptr (GError) error = NULL;

  if (secret_item_delete_finish (SECRET_ITEM (source), result, &error))
    delete_next (task);
  else
    fail (task, error);
}

static void
delete_next (GTask *task)
{
  Call *call = g_task_get_task_data (task);
  g_autoptr (SecretItem) item = NULL;

  if (call->items == NULL)
    {
      succeed (task);
      return;
    }
  item = call->items->data;
  call->items = g_list_delete_link (call->items, call->items);
  secret_item_delete (item, ta_deadline_get_cancellable (call->deadline), delete_item_cb, task);
}

static void
delete_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  if (take_found (task, source, result))
    delete_next (g_steal_pointer (&task));
}

/* Deletes one item; that there is none is no error.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_store_delete_async (TaStore *self, TaStoreKind kind, const char *id, gboolean may_prompt,
                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_store_delete_async);
  start (self, task, kind, id, NULL, may_prompt ? TA_KEYRING_PROMPT : TA_KEYRING_NONE, delete_cb);
}

gboolean
ta_store_delete_finish (TaStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
ta_store_item_free (TaStoreItem *item)
{
  g_free (item->id);
  ta_secret_unref (item->secret);
  g_free (item);
}

static void
on_keyring_changed (TaKeyring *keyring, TaStore *self)
{
  g_signal_emit_by_name (self, "changed");
}

static void
ta_store_init (TaStore *self)
{
  self->keyring = ta_keyring_new ();
  g_signal_connect (self->keyring, "changed", G_CALLBACK (on_keyring_changed), self);
}

static void
ta_store_dispose (GObject *object)
{
  TaStore *self = TA_STORE (object);

  if (self->keyring != NULL)
    g_signal_handlers_disconnect_by_data (self->keyring, self);
  g_clear_object (&self->keyring);
  G_OBJECT_CLASS (ta_store_parent_class)->dispose (object);
}

static void
ta_store_class_init (TaStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ta_store_dispose;

  /* What is stored may have become readable or unreadable. */
  g_signal_new ("changed", TA_TYPE_STORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

TaStore *
ta_store_new (void)
{
  return g_object_new (TA_TYPE_STORE, NULL);
}

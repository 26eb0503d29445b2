/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-keyring.h"

#include "base/ta-error.h"
#include "io/ta-collection.h"
#include "io/ta-keyring-error.h"
#include "io/ta-keyring-watch.h"
#include "io/ta-search.h"

/* Finding items in the Secret Service, in the order the functions stand below, from the last one
 * up: service -> default collection -> unlocked? -> search. Only then does "not found" mean absent
 * from it: a locked keyring answers a search with nothing, and libsecret says of a dismissed unlock
 * prompt neither yes nor no. Of collections besides the default one ta-load.c knows more. Whatever
 * fails for want of a working service is tried once more with a newly opened one, because services
 * restart and KWallet refuses or spoils some sessions at random. */

struct _TaKeyring
{
  GObject parent_instance;

  SecretService *service; /* (owned) (nullable): open, with a session */
  TaKeyringWatch *watch;  /* (owned) */
  TaUnlocker *unlocker;   /* (owned) */
};

G_DEFINE_FINAL_TYPE (TaKeyring, ta_keyring, G_TYPE_OBJECT)

typedef struct
{
  const SecretSchema *schema; /* (unowned): static */
  GHashTable *attributes;     /* (owned) */
  TaKeyringFlags flags;
  TaDeadline *deadline; /* (unowned): outlives the task */
  gboolean retried;
  gboolean created;       /* the user was asked for a collection */
  SecretService *service; /* (owned) (nullable) */
  char *collection;       /* (owned) (nullable): path of the default one */
  gboolean is_locked;     /* the collection */
} Find;

static void open_service (GTask *task);

static void
find_free (Find *find)
{
  g_hash_table_unref (find->attributes);
  g_clear_object (&find->service);
  g_free (find->collection);
  g_free (find);
}

/* Opens another one next time, with a new session. */
void
ta_keyring_forget (TaKeyring *self, SecretService *service)
{
  if (self->service == service)
    g_clear_object (&self->service);
}

/* Takes the task. */
static void
fail (GTask *task, const GError *error)
{
  g_autoptr (GTask) owned = task;
  TaKeyring *self = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);

  if (find->retried || ta_keyring_error_is_final (error, find->deadline))
    {
      g_task_return_error (task, ta_keyring_error_translate (error, find->deadline));
      return;
    }
  find->retried = TRUE;
  ta_keyring_forget (self, find->service);
  g_clear_object (&find->service);
  g_clear_pointer (&find->collection, g_free);
  open_service (g_steal_pointer (&owned));
}

static void
create_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Find *find = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  ta_deadline_restart (find->deadline, TA_KEYRING_TIMEOUT);
  if (ta_unlocker_unlock_finish (TA_UNLOCKER (source), result, &error))
    open_service (task);
  else
    fail (task, error);
}

/* No default collection, and nothing in another one. */
static void
miss_collection (GTask *task)
{
  TaKeyring *self = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);

  if ((find->flags & TA_KEYRING_CREATE) && (find->flags & TA_KEYRING_PROMPT) && !find->created)
    {
      find->created = TRUE;
      ta_deadline_restart (find->deadline, TA_UNLOCKER_TIMEOUT + TA_KEYRING_TIMEOUT);
      ta_unlocker_unlock_async (self->unlocker, find->service, NULL,
                                ta_deadline_get_cancellable (find->deadline), create_cb, task);
      return;
    }
  if (find->flags & TA_KEYRING_CREATE)
    g_task_return_new_error (task, TA_ERROR, TA_ERROR_STORAGE_UNAVAILABLE,
                             "There is no default keyring: create one, or sign in again");
  else
    g_task_return_pointer (task, g_ptr_array_new (), (GDestroyNotify) g_ptr_array_unref);
  g_object_unref (task);
}

static void
search_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Find *find = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items = ta_search_finish (SECRET_SERVICE (source), result, &error);

  if (items == NULL)
    fail (task, error);
  else if (items->len == 0 && find->collection == NULL)
    miss_collection (task);
  else
    {
      g_task_return_pointer (task, g_steal_pointer (&items), (GDestroyNotify) g_ptr_array_unref);
      g_object_unref (task);
    }
}

static void
search (GTask *task)
{
  Find *find = g_task_get_task_data (task);
  TaSearchSecrets secrets = TA_SEARCH_NO_SECRETS;

  /* What is no text through a second session either is damaged. */
  if (find->flags & TA_KEYRING_SECRETS)
    secrets = find->retried ? TA_SEARCH_SOME_SECRETS : TA_SEARCH_ALL_SECRETS;
  ta_search_async (find->service, find->collection, find->schema, find->attributes, secrets,
                   ta_deadline_get_cancellable (find->deadline), search_cb, task);
}

static void
fail_locked (GTask *task)
{
  g_autoptr (GError) error = g_error_new_literal (SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "Locked");

  fail (task, error);
}

static void
unlock_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Find *find = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  ta_deadline_restart (find->deadline, TA_KEYRING_TIMEOUT);
  if (ta_unlocker_unlock_finish (TA_UNLOCKER (source), result, &error))
    search (task);
  else
    fail (task, error);
}

/* While the user is asked, the time of the service itself stands still. */
static void
unlock (GTask *task)
{
  TaKeyring *self = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);

  if (find->collection == NULL || !find->is_locked)
    search (task);
  else if (find->flags & TA_KEYRING_PROMPT)
    {
      const char *paths[] = { find->collection, NULL };

      ta_deadline_restart (find->deadline, TA_UNLOCKER_TIMEOUT + TA_KEYRING_TIMEOUT);
      ta_unlocker_unlock_async (self->unlocker, find->service, paths,
                                ta_deadline_get_cancellable (find->deadline), unlock_cb, task);
    }
  else
    fail_locked (task);
}

static void
collection_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Find *find = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  find->collection
      = ta_collection_find_finish (SECRET_SERVICE (source), result, &find->is_locked, &error);
  if (error != NULL)
    fail (task, error);
  else
    unlock (task);
}

static void
find_collection (GTask *task)
{
  TaKeyring *self = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);

  g_set_object (&find->service, self->service);
  ta_collection_find_async (find->service, ta_deadline_get_cancellable (find->deadline),
                            collection_cb, task);
}

static void
open_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TaKeyring *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (SecretService) service = secret_service_open_finish (result, &error);

  if (service == NULL)
    {
      fail (task, error);
      return;
    }
  g_set_object (&self->service, service);
  find_collection (task);
}

static void
open_service (GTask *task)
{
  TaKeyring *self = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);

  if (self->service != NULL)
    find_collection (task);
  else
    secret_service_open (SECRET_TYPE_SERVICE, NULL, SECRET_SERVICE_OPEN_SESSION,
                         ta_deadline_get_cancellable (find->deadline), open_cb, task);
}

/* Finds the items of a schema that have all of `attributes`, with their secrets. `deadline` must
 * live until the callback.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_keyring_find_async (TaKeyring *self, const SecretSchema *schema, GHashTable *attributes,
                       TaKeyringFlags flags, TaDeadline *deadline, GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Find *find = g_new0 (Find, 1);

  g_task_set_source_tag (task, ta_keyring_find_async);
  find->schema = schema;
  find->attributes = g_hash_table_ref (attributes);
  find->flags = flags;
  find->deadline = deadline;
  g_task_set_task_data (task, find, (GDestroyNotify) find_free);
  open_service (task);
}

/* (transfer full) (element-type TaStoreItem): empty: there are none. `service` is NULL if it could
 * not be opened. `collection`: a path, NULL only if there is none and it was not asked for. */
GPtrArray *
ta_keyring_find_finish (TaKeyring *self, GAsyncResult *result, SecretService **service,
                        char **collection, GError **error)
{
  Find *find;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  find = g_task_get_task_data (G_TASK (result));
  *service = g_steal_pointer (&find->service);
  *collection = g_steal_pointer (&find->collection);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Owned by the keyring. */
TaUnlocker *
ta_keyring_get_unlocker (TaKeyring *self)
{
  return self->unlocker;
}

static void
on_changed (gpointer user_data)
{
  TaKeyring *self = TA_KEYRING (user_data);

  g_signal_emit_by_name (self, "changed");
}

static void
ta_keyring_init (TaKeyring *self)
{
  self->watch = ta_keyring_watch_new (on_changed, self);
  self->unlocker = ta_unlocker_new ();
}

static void
ta_keyring_dispose (GObject *object)
{
  TaKeyring *self = TA_KEYRING (object);

  g_clear_pointer (&self->watch, ta_keyring_watch_free);
  g_clear_object (&self->service);
  g_clear_object (&self->unlocker);
  G_OBJECT_CLASS (ta_keyring_parent_class)->dispose (object);
}

static void
ta_keyring_class_init (TaKeyringClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ta_keyring_dispose;

  /* A collection was locked or unlocked, or another service took over. */
  g_signal_new ("changed", TA_TYPE_KEYRING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

TaKeyring *
ta_keyring_new (void)
{
  return g_object_new (TA_TYPE_KEYRING, NULL);
}

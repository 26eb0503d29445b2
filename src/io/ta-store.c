/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-store.h"

#include "io/ta-delete.h"
#include "io/ta-keyring-error.h"
#include "io/ta-news.h"
#include "io/ta-write.h"

/* A keeper of small JSON objects: each in a Secret Service item of its own, found by its schema and
 * an opaque id. The secret_password_* functions of libsecret are not used: they choose a file
 * instead of the service by environment.
 *
 * Each call is answered once: when its work is done, or when its deadline is over or its caller
 * does not wait any more. Then the work winds down by itself, unheard; the caller does not depend
 * on every call of libsecret and of the service to come back. */

struct _TaStore
{
  GObject parent_instance;

  TaKeyring *keyring; /* (owned) */
  GHashTable *known;  /* (owned): an item's id -> which items there were when it was looked at */
  TaStoreHealth health;
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
  TaFindFlags flags;
  TaDeadline *deadline; /* (owned) */
  GSource *over;        /* (owned) (nullable): holds the task until it is answered */
  gboolean is_partial;  /* there may be more, which are locked */
  /* Of a look: */
  const SecretSchema *schema; /* (unowned): static */
  char *id;                   /* (owned) (nullable) */
  char *present;              /* (owned) (nullable): which items there are */
} Call;

static void
call_free (Call *call)
{
  ta_deadline_free (call->deadline);
  g_free (call->id);
  g_free (call->present);
  g_free (call);
}

/* Whoever is told TRUE answers. */
static gboolean
may_answer (GTask *task)
{
  Call *call = g_task_get_task_data (task);
  g_autoptr (GSource) over = g_steal_pointer (&call->over);

  if (over != NULL)
    g_source_destroy (over);
  return over != NULL;
}

/* `error`: NULL: it is done. */
static void
note (GTask *task, const GError *error)
{
  TaStore *self = g_task_get_source_object (task);

  ta_store_health_note (&self->health, error);
}

static void
fail (GTask *task, const GError *error)
{
  Call *call = g_task_get_task_data (task);
  GError *translated;

  if (!may_answer (task))
    return;
  translated = ta_keyring_error_translate (error, call->deadline);
  note (task, translated);
  g_task_return_error (task, translated);
}

static void
succeed (GTask *task)
{
  note (task, NULL);
  if (may_answer (task))
    g_task_return_boolean (task, TRUE);
}

static gboolean
on_over (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  fail (G_TASK (user_data), error);
  return G_SOURCE_REMOVE;
}

static Call *
start (GTask *task, TaFindFlags flags)
{
  Call *call = g_new0 (Call, 1);

  call->flags = flags;
  call->deadline = ta_deadline_new (TA_KEYRING_TIMEOUT, g_task_get_cancellable (task));
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, call, (GDestroyNotify) call_free);
  call->over = g_cancellable_source_new (ta_deadline_get_cancellable (call->deadline));
  g_task_attach_source (task, call->over, G_SOURCE_FUNC (on_over));
  return call;
}

/* What could not be read may come back as it was, without coming or going. */
static gboolean
are_whole (GPtrArray *items)
{
  for (guint i = 0; i < items->len; i++)
    if (*ta_secret_peek (((const TaStoreItem *) items->pdata[i])->secret) == '\0')
      return FALSE;
  return TRUE;
}

/* Takes the items. */
static void
deliver (GTask *task, GPtrArray *items)
{
  TaStore *self = g_task_get_source_object (task);
  Call *call = g_task_get_task_data (task);
  g_autoptr (GPtrArray) owned = items;

  note (task, NULL);
  if (!may_answer (task))
    return;
  if (call->present != NULL && are_whole (owned))
    g_hash_table_replace (self->known, g_steal_pointer (&call->id),
                          g_steal_pointer (&call->present));
  g_task_return_pointer (task, g_steal_pointer (&owned), (GDestroyNotify) g_ptr_array_unref);
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items
      = ta_load_finish (TA_KEYRING (source), result, &call->is_partial, &error);

  if (items == NULL)
    {
      fail (task, error);
      return;
    }
  deliver (task, g_steal_pointer (&items));
}

/* All items of a kind that are not locked; one whose secret is no text has an empty one. The
 * default collection has to be unlocked. Errors: TA_ERROR_STORAGE_LOCKED,
 * TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_store_load_async (TaStore *self, TaStoreKind kind, TaLoadPrompt prompt,
                     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Call *call;

  g_task_set_source_tag (task, ta_store_load_async);
  call = start (task, TA_FIND_NONE);
  ta_load_async (self->keyring, &schemas[kind], prompt, call->deadline, load_cb, task);
}

static void
news_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  GPtrArray *items = ta_news_finish (TA_KEYRING (source), result, &call->present);

  if (items != NULL)
    deliver (task, items);
  else
    ta_load_async (TA_KEYRING (source), call->schema, TA_LOAD_PROMPT_NEVER, call->deadline, load_cb,
                   g_steal_pointer (&task));
}

/* What there is to know of one item: that item alone, as long as no other one came or went since
 * this was asked for it last; otherwise all of the kind. Ended by ta_store_load_finish(), with its
 * errors. Who asks has to look at all that is told: it is not told again. */
void
ta_store_look_async (TaStore *self, TaStoreKind kind, const char *id, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Call *call = start (task, TA_FIND_NONE);

  g_task_set_source_tag (task, ta_store_look_async);
  call->schema = &schemas[kind];
  call->id = g_strdup (id);
  ta_news_async (self->keyring, call->schema, id, g_hash_table_lookup (self->known, id),
                 call->deadline, news_cb, task);
}

/* (transfer full) (element-type TaStoreItem). `is_partial` (out) (optional): there may be more, in
 * a collection that is locked, so what is not found need not be absent. */
GPtrArray *
ta_store_load_finish (TaStore *self, GAsyncResult *result, gboolean *is_partial, GError **error)
{
  const Call *call;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  call = g_task_get_task_data (G_TASK (result));
  if (is_partial != NULL)
    *is_partial = call->is_partial;
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
save_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (ta_write_finish (TA_KEYRING (source), result, &error))
    succeed (task);
  else
    fail (task, error);
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
  Call *call = start (task, may_prompt ? TA_FIND_PROMPT : TA_FIND_NONE);

  g_task_set_source_tag (task, ta_store_save_async);
  ta_write_async (self->keyring, &schemas[kind], id, secret, call->flags, call->deadline, save_cb,
                  task);
}

gboolean
ta_store_save_finish (TaStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
delete_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (ta_delete_finish (TA_KEYRING (source), result, &error))
    succeed (task);
  else
    fail (task, error);
}

/* Deletes one item; that there is none is no error.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_store_delete_async (TaStore *self, TaStoreKind kind, const char *id, gboolean may_prompt,
                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Call *call = start (task, may_prompt ? TA_FIND_PROMPT : TA_FIND_NONE);

  g_task_set_source_tag (task, ta_store_delete_async);
  g_hash_table_remove (self->known, id);
  ta_delete_async (self->keyring, &schemas[kind], id, call->flags, call->deadline, delete_cb, task);
}

gboolean
ta_store_delete_finish (TaStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Owned by the store. */
const TaStoreHealth *
ta_store_get_health (TaStore *self)
{
  return &self->health;
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
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_signal_connect (self->keyring, "changed", G_CALLBACK (on_keyring_changed), self);
}

static void
ta_store_dispose (GObject *object)
{
  TaStore *self = TA_STORE (object);

  if (self->keyring != NULL)
    g_signal_handlers_disconnect_by_data (self->keyring, self);
  g_clear_object (&self->keyring);
  g_clear_pointer (&self->known, g_hash_table_unref);
  ta_store_health_clear (&self->health);
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

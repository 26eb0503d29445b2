/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Only for what takes paths and encodes secrets, which has been there since libsecret 0.16. */
#define SECRET_API_SUBJECT_TO_CHANGE
#include "ta-write.h"

#include "io/ta-keyring-call.h"
#include "io/ta-keyring-error.h"
#include "io/ta-prompt.h"
#include "io/ta-search.h"
#include "io/ta-secrets.h"

/* Writing one item so that it is there, in the order the functions stand below, from the last one
 * up: find the item -> give it its secret, or create it -> read it back, a new one by what it is to
 * be found by. An answer of success alone does not count: KeePassXC gives the path of an item that
 * it did not make if its session was closed, and KWallet stores rubbish that came through a session
 * whose ends have different keys. What fails is tried once more with a new session.
 *
 * An item that exists is given a new secret rather than replaced: KeePassXC would ask the user. */

#define ITEM_INTERFACE "org.freedesktop.Secret.Item"
#define COLLECTION_INTERFACE "org.freedesktop.Secret.Collection"

typedef struct
{
  const SecretSchema *schema; /* (unowned): static */
  GHashTable *attributes;     /* (owned): those that find the item */
  TaSecret *secret;           /* (owned) */
  TaFindFlags flags;
  TaDeadline *deadline; /* (unowned): outlives the task */
  gboolean retried;
  SecretService *service; /* (owned) (nullable) */
  char *path;             /* (owned) (nullable): of the item that was found */
} Write;

static void find (GTask *task);

static void
write_free (Write *write)
{
  g_hash_table_unref (write->attributes);
  ta_secret_unref (write->secret);
  g_clear_object (&write->service);
  g_free (write->path);
  g_free (write);
}

/* Takes the task. */
static void
retry (GTask *task, const GError *error)
{
  g_autoptr (GTask) owned = task;
  TaKeyring *keyring = g_task_get_source_object (task);
  Write *write = g_task_get_task_data (task);

  if (write->retried || ta_keyring_error_is_final (error, write->deadline))
    {
      g_task_return_error (task, ta_keyring_error_translate (error, write->deadline));
      return;
    }
  write->retried = TRUE;
  ta_keyring_forget (keyring, write->service);
  find (g_steal_pointer (&owned));
}

/* Takes the task. `error` (nullable): why it is not there, if that is known. */
static void
conclude (GTask *task, gboolean is_there, const GError *error)
{
  g_autoptr (GError) missing = NULL;

  if (is_there)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  missing = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "What was written is not there");
  retry (task, error != NULL ? error : missing);
}

static gboolean
has_text (GPtrArray *items, const TaSecret *secret)
{
  for (guint i = 0; i < items->len; i++)
    {
      const TaStoreItem *item = items->pdata[i];

      if (item->secret != NULL && ta_secret_equals (secret, ta_secret_peek (item->secret)))
        return TRUE;
    }
  return FALSE;
}

static void
read_back_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Write *write = g_task_get_task_data (task);
  g_autoptr (SecretService) service = NULL;
  g_autofree char *collection = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items
      = ta_find_finish (TA_KEYRING (source), result, &service, &collection, &error);

  conclude (task, items != NULL && has_text (items, write->secret), error);
}

/* Takes the task. */
static void
read_back (GTask *task)
{
  Write *write = g_task_get_task_data (task);

  ta_deadline_restart (write->deadline, TA_KEYRING_TIMEOUT);
  ta_find_async (g_task_get_source_object (task), write->schema, write->attributes, TA_FIND_SECRETS,
                 write->deadline, read_back_cb, task);
}

static void
read_again_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Write *write = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) secrets = ta_secrets_read_finish (SECRET_SERVICE (source), result, &error);
  TaSecret *secret = secrets == NULL ? NULL : g_hash_table_lookup (secrets, write->path);

  conclude (task, secret != NULL && ta_secret_equals (write->secret, ta_secret_peek (secret)),
            error);
}

static void
set_secret_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Write *write = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  const char *paths[] = { write->path, NULL };

  if (reply == NULL)
    {
      retry (task, error);
      return;
    }
  ta_deadline_restart (write->deadline, TA_KEYRING_TIMEOUT);
  ta_secrets_read_async (write->service, paths, ta_deadline_get_cancellable (write->deadline),
                         read_again_cb, task);
}

static void
set_secret (GTask *task, const TaStoreItem *item, GVariant *secret)
{
  Write *write = g_task_get_task_data (task);

  g_free (write->path);
  write->path = g_strdup (item->path);
  ta_keyring_call (write->service, write->path, ITEM_INTERFACE, "SetSecret",
                   g_variant_new ("(@(oayays))", secret), NULL,
                   ta_deadline_get_cancellable (write->deadline), set_secret_cb, task);
}

static void
create_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  g_autoptr (GError) error = NULL;

  if (ta_prompt_call_finish (SECRET_SERVICE (source), result, NULL, &error))
    read_back (task);
  else
    retry (task, error);
}

/* Nothing readable stands in label or attributes, because those are not encrypted. */
static GVariant *
build_properties (const Write *write)
{
  GVariantBuilder attributes;
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  g_variant_builder_init (&attributes, G_VARIANT_TYPE ("a{ss}"));
  g_variant_builder_add (&attributes, "{ss}", "xdg:schema", write->schema->name);
  g_variant_builder_add (&attributes, "{ss}", "version", "1");
  g_hash_table_iter_init (&iter, write->attributes);
  while (g_hash_table_iter_next (&iter, &name, &value))
    g_variant_builder_add (&attributes, "{ss}", name, value);
  return g_variant_new_parsed ("{%s: <%s>, %s: %v}", ITEM_INTERFACE ".Label", "Tidio Auth",
                               ITEM_INTERFACE ".Attributes", g_variant_builder_end (&attributes));
}

/* Not libsecret's own call, for its way with prompts: KeePassXC has one for each new item. */
static void
create (GTask *task, const char *collection, GVariant *secret)
{
  Write *write = g_task_get_task_data (task);

  ta_prompt_call_async (
      write->service, collection, COLLECTION_INTERFACE, "CreateItem",
      g_variant_new ("(@a{sv}@(oayays)b)", build_properties (write), secret, FALSE),
      write->deadline, (write->flags & TA_FIND_PROMPT) ? TA_PROMPT_TIMEOUT : TA_KEYRING_TIMEOUT,
      create_cb, task);
}

static void
find_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Write *write = g_task_get_task_data (task);
  g_autoptr (SecretValue) value
      = secret_value_new (ta_secret_peek (write->secret), -1, "application/json");
  g_autofree char *collection = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (GVariant) secret = NULL;

  g_clear_object (&write->service);
  items = ta_find_finish (TA_KEYRING (source), result, &write->service, &collection, &error);
  if (items == NULL)
    {
      retry (task, error);
      return;
    }
  secret = g_variant_take_ref (secret_service_encode_dbus_secret (write->service, value));
  if (items->len > 0)
    set_secret (task, items->pdata[0], secret);
  else
    create (task, collection, secret);
}

static void
find (GTask *task)
{
  Write *write = g_task_get_task_data (task);

  ta_find_async (g_task_get_source_object (task), write->schema, write->attributes,
                 TA_FIND_CREATE | write->flags, write->deadline, find_cb, task);
}

/* Writes the item whose first attribute of the schema is `id`; it is kept when this is done.
 * `deadline` must live until the callback.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_write_async (TaKeyring *keyring, const SecretSchema *schema, const char *id, TaSecret *secret,
                TaFindFlags flags, TaDeadline *deadline, GAsyncReadyCallback callback,
                gpointer user_data)
{
  GTask *task = g_task_new (keyring, NULL, callback, user_data);
  Write *write = g_new0 (Write, 1);

  g_task_set_source_tag (task, ta_write_async);
  write->schema = schema;
  write->attributes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_hash_table_insert (write->attributes, (char *) schema->attributes[0].name, g_strdup (id));
  write->secret = ta_secret_ref (secret);
  write->flags = flags;
  write->deadline = deadline;
  g_task_set_task_data (task, write, (GDestroyNotify) write_free);
  find (task);
}

gboolean
ta_write_finish (TaKeyring *keyring, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, keyring), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-keyring.h"

#include "io/ta-keyring-watch.h"

/* The Secret Service, opened with one encrypted session for all that is done with it. */

struct _TaKeyring
{
  GObject parent_instance;

  SecretService *service; /* (owned) (nullable): open, with a session */
  char *collection;       /* (owned) (nullable): path of its default one */
  TaKeyringWatch *watch;  /* (owned) */
  TaUnlocker *unlocker;   /* (owned) */
};

G_DEFINE_FINAL_TYPE (TaKeyring, ta_keyring, G_TYPE_OBJECT)

static void
open_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TaKeyring *self = g_task_get_source_object (task);
  GError *error = NULL;
  SecretService *service = secret_service_open_finish (result, &error);

  if (service == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_set_object (&self->service, service);
  g_task_return_pointer (task, service, g_object_unref);
}

/* Opens it, unless it is open. Errors: the Secret Service failed. */
void
ta_keyring_open_async (TaKeyring *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_keyring_open_async);
  if (self->service != NULL)
    g_task_return_pointer (task, g_object_ref (self->service), g_object_unref);
  else
    secret_service_open (SECRET_TYPE_SERVICE, NULL, SECRET_SERVICE_OPEN_SESSION, cancellable,
                         open_cb, g_steal_pointer (&task));
}

/* (transfer full) */
SecretService *
ta_keyring_open_finish (TaKeyring *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Opens another one next time, with a new session. */
void
ta_keyring_forget (TaKeyring *self, SecretService *service)
{
  if (self->service != service)
    return;
  g_clear_object (&self->service);
  g_clear_pointer (&self->collection, g_free);
}

/* (nullable): the path of the default collection as it was noted last. Owned by the keyring. */
const char *
ta_keyring_get_collection (TaKeyring *self)
{
  return self->collection;
}

void
ta_keyring_note_collection (TaKeyring *self, const char *path)
{
  g_free (self->collection);
  self->collection = g_strdup (path);
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
  g_clear_pointer (&self->collection, g_free);
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

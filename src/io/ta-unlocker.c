/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-unlocker.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"
#include "io/ta-prompt.h"
#include "io/ta-quorum.h"

/* Asks the user to unlock collections, or to create the default one: one prompt at a time, which
 * serves all who wait, and none for a while after the user turned one down. It is closed when none
 * of these waits any more. What counts is not what the prompt says but what is so when it is over:
 * somebody else may have unlocked a collection meanwhile. */

#define QUIET 30 /* seconds */
#define LOOK 5   /* seconds: of the service alone */

#define SERVICE_PATH "/org/freedesktop/secrets"
#define SERVICE_INTERFACE "org.freedesktop.Secret.Service"
#define COLLECTION_INTERFACE "org.freedesktop.Secret.Collection"

G_STATIC_ASSERT (TA_UNLOCKER_TIMEOUT >= TA_PROMPT_TIMEOUT + LOOK);

struct _TaUnlocker
{
  GObject parent_instance;

  GPtrArray *waiting; /* (owned) (element-type GTask) */
  gint64 quiet_until; /* on the boot clock, seconds */
  /* While somebody is asked: */
  TaQuorum *quorum;       /* (owned) (nullable): who waits */
  TaDeadline *deadline;   /* (owned) (nullable) */
  SecretService *service; /* (owned) (nullable) */
  char **paths;           /* (owned) (nullable): to be unlocked; NULL: one is to be created */
  guint n_seen;           /* of these: are unlocked */
};

G_DEFINE_FINAL_TYPE (TaUnlocker, ta_unlocker, G_TYPE_OBJECT)

static GError *
create_locked_error (const char *const *paths)
{
  return g_error_new_literal (TA_ERROR, TA_ERROR_STORAGE_LOCKED,
                              paths != NULL
                                  ? "The keyring was not unlocked: unlock it and try again"
                                  : "There is no default keyring and none was created: create one "
                                    "and try again");
}

static void wait (TaUnlocker *self, SecretService *service, char **paths, GTask *task);

/* Answers all who wait; NULL: it is unlocked. From now on somebody may be asked again, as for one
 * who came when the last one had just left: then it was given up, which the service cannot say. */
static void
answer (TaUnlocker *self, const GError *error)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);
  g_autoptr (SecretService) service = g_steal_pointer (&self->service);
  g_auto (GStrv) paths = g_steal_pointer (&self->paths);
  gboolean is_given_up = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
                         && g_cancellable_is_cancelled (ta_quorum_get_cancellable (self->quorum));

  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  g_clear_pointer (&self->deadline, ta_deadline_free);
  g_clear_pointer (&self->quorum, ta_quorum_free);
  self->n_seen = 0;
  for (guint i = 0; i < waiting->len; i++)
    if (error == NULL)
      g_task_return_boolean (waiting->pdata[i], TRUE);
    else if (is_given_up
             && !g_cancellable_is_cancelled (g_task_get_cancellable (waiting->pdata[i])))
      wait (self, service, paths, g_object_ref (waiting->pdata[i]));
    else
      g_task_return_error (waiting->pdata[i], g_error_copy (error));
}

/* The reply to Get of Locked, or to ReadAlias. */
static gboolean
is_usable (GVariant *reply)
{
  g_autoptr (GVariant) locked = NULL;

  if (g_variant_is_of_type (reply, G_VARIANT_TYPE ("(o)")))
    {
      const char *path;

      g_variant_get (reply, "(&o)", &path);
      return !g_str_equal (path, "/");
    }
  if (!g_variant_is_of_type (reply, G_VARIANT_TYPE ("(v)")))
    return FALSE;
  g_variant_get (reply, "(v)", &locked);
  return g_variant_is_of_type (locked, G_VARIANT_TYPE_BOOLEAN) && !g_variant_get_boolean (locked);
}

static void look (TaUnlocker *self);

static void
look_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaUnlocker) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply != NULL && !is_usable (reply))
    {
      self->quiet_until = ta_clock_now ().boot + QUIET;
      error = create_locked_error ((const char *const *) self->paths);
    }
  if (error == NULL && self->paths != NULL && self->paths[++self->n_seen] != NULL)
    look (self);
  else
    answer (self, error);
}

static void
look (TaUnlocker *self)
{
  GDBusProxy *proxy = G_DBUS_PROXY (self->service);
  const char *path = SERVICE_PATH;
  const char *interface = SERVICE_INTERFACE;
  const char *method = "ReadAlias";
  GVariant *arguments = NULL;

  if (self->paths == NULL)
    arguments = g_variant_new ("(s)", SECRET_COLLECTION_DEFAULT);
  else
    {
      path = self->paths[self->n_seen];
      interface = "org.freedesktop.DBus.Properties";
      method = "Get";
      arguments = g_variant_new ("(ss)", COLLECTION_INTERFACE, "Locked");
    }
  g_dbus_connection_call (g_dbus_proxy_get_connection (proxy), g_dbus_proxy_get_name (proxy), path,
                          interface, method, arguments, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          LOOK * 1000, NULL, look_cb, g_object_ref (self));
}

static void
ask_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaUnlocker) self = user_data;
  g_autoptr (GError) error = NULL;

  if (ta_prompt_call_finish (SECRET_SERVICE (source), result, NULL, &error)
      || ta_deadline_has_expired (self->deadline))
    look (self);
  else
    answer (self, error);
}

static void
ask (TaUnlocker *self)
{
  const char *method = "CreateCollection";
  GVariant *arguments;

  if (self->paths != NULL)
    {
      method = "Unlock";
      arguments = g_variant_new ("(^ao)", self->paths);
    }
  else
    arguments = g_variant_new_parsed ("({%s: <%s>}, %s)", COLLECTION_INTERFACE ".Label",
                                      "Default keyring", SECRET_COLLECTION_DEFAULT);
  self->deadline = ta_deadline_new (TA_PROMPT_TIMEOUT, ta_quorum_get_cancellable (self->quorum));
  ta_prompt_call_async (self->service, SERVICE_PATH, SERVICE_INTERFACE, method, arguments,
                        self->deadline, 0, ask_cb, g_object_ref (self));
}

/* Takes the task. */
static void
wait (TaUnlocker *self, SecretService *service, char **paths, GTask *task)
{
  g_ptr_array_add (self->waiting, task);
  if (self->quorum != NULL)
    {
      ta_quorum_add (self->quorum, g_task_get_cancellable (task));
      return;
    }
  self->quorum = ta_quorum_new ();
  ta_quorum_add (self->quorum, g_task_get_cancellable (task));
  self->service = g_object_ref (service);
  self->paths = g_strdupv (paths);
  ask (self);
}

/* `paths`: the locked collections, one at least; NULL: there is no default collection, one is
 * wanted. It ends within TA_UNLOCKER_TIMEOUT. Whoever joins in a prompt for another purpose has to
 * look afterwards.
 * Errors: TA_ERROR_STORAGE_LOCKED: the user turned it down, or nobody answered;
 * G_IO_ERROR_CANCELLED; others: the Secret Service failed. */
void
ta_unlocker_unlock_async (TaUnlocker *self, SecretService *service, const char *const *paths,
                          GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_unlocker_unlock_async);
  if (ta_clock_now ().boot < self->quiet_until)
    {
      g_task_return_error (task, create_locked_error (paths));
      return;
    }
  wait (self, service, (char **) paths, g_steal_pointer (&task));
}

gboolean
ta_unlocker_unlock_finish (TaUnlocker *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
ta_unlocker_init (TaUnlocker *self)
{
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
ta_unlocker_finalize (GObject *object)
{
  TaUnlocker *self = TA_UNLOCKER (object);

  g_ptr_array_unref (self->waiting);
  G_OBJECT_CLASS (ta_unlocker_parent_class)->finalize (object);
}

static void
ta_unlocker_class_init (TaUnlockerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_unlocker_finalize;
}

TaUnlocker *
ta_unlocker_new (void)
{
  return g_object_new (TA_TYPE_UNLOCKER, NULL);
}

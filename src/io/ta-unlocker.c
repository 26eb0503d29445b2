/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-unlocker.h"

#include "io/ta-clock.h"
#include "io/ta-deadline.h"

/* Asks the user to unlock the default collection: one prompt at a time, which serves all who wait,
 * and none for a while after the user turned one down. */

#define QUIET 30 /* seconds */

struct _TaUnlocker
{
  GObject parent_instance;

  GPtrArray *waiting;   /* (owned) (element-type GTask) */
  TaDeadline *deadline; /* (owned) (nullable): of the prompt that is open */
  gint64 quiet_until;   /* on the boot clock, seconds */
};

G_DEFINE_FINAL_TYPE (TaUnlocker, ta_unlocker, G_TYPE_OBJECT)

static GError *
create_locked_error (void)
{
  return g_error_new_literal (SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "Locked");
}

/* Answers all who wait; NULL: it is unlocked. */
static void
answer (TaUnlocker *self, const GError *error)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);

  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < waiting->len; i++)
    if (error == NULL)
      g_task_return_boolean (waiting->pdata[i], TRUE);
    else
      g_task_return_error (waiting->pdata[i], g_error_copy (error));
}

static void
unlock_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaUnlocker) self = user_data;
  g_autolist (GDBusProxy) unlocked = NULL;
  g_autoptr (GError) error = NULL;
  int n_unlocked
      = secret_service_unlock_finish (SECRET_SERVICE (source), result, &unlocked, &error);

  if (ta_deadline_has_expired (self->deadline))
    g_clear_error (&error);
  if (error == NULL && n_unlocked == 0)
    {
      self->quiet_until = ta_clock_now ().boot + QUIET;
      error = create_locked_error ();
    }
  g_clear_pointer (&self->deadline, ta_deadline_free);
  answer (self, error);
}

/* It ends within TA_UNLOCKER_TIMEOUT.
 * Errors: SECRET_ERROR_IS_LOCKED: the user turned it down, or nobody answered; others: the Secret
 * Service failed. */
void
ta_unlocker_unlock_async (TaUnlocker *self, SecretService *service, SecretCollection *collection,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  g_autoptr (GList) collections = g_list_prepend (NULL, collection);

  g_task_set_source_tag (task, ta_unlocker_unlock_async);
  if (ta_clock_now ().boot < self->quiet_until)
    {
      g_task_return_error (task, create_locked_error ());
      return;
    }
  g_ptr_array_add (self->waiting, g_steal_pointer (&task));
  if (self->deadline != NULL)
    return;
  self->deadline = ta_deadline_new (TA_UNLOCKER_TIMEOUT, NULL);
  secret_service_unlock (service, collections, ta_deadline_get_cancellable (self->deadline),
                         unlock_cb, g_object_ref (self));
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

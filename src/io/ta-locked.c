/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-locked.h"

#include "io/ta-collection.h"
#include "io/ta-keyring-call.h"

/* Which collections are locked, the default one or any other: what lies in one that was locked when
 * the service started is found by no search, so what is not found may be in it. libsecret's own
 * knowledge is not used: it comes from signals that not every service sends. */

/* Calls at the same time: a bus limits those that are not answered yet. */
#define ASKED_MAX 32

typedef struct
{
  char **paths;      /* (owned) (nullable): all collections */
  guint next;        /* of these, to be looked at */
  guint n_asked;     /* of these: did not answer yet */
  GPtrArray *locked; /* (owned) (element-type char *) */
} Locked;

typedef struct
{
  GTask *task;      /* (owned) */
  const char *path; /* (unowned): as long as the task */
} Look;

static void look_on (GTask *task);

static void
locked_free (Locked *locked)
{
  g_strfreev (locked->paths);
  g_ptr_array_unref (locked->locked);
  g_free (locked);
}

/* A collection that went meanwhile hides nothing; one that does not say how it is may. */
static void
look_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Look *look = user_data;
  g_autoptr (GTask) task = look->task;
  Locked *locked = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  gboolean is_locked;

  locked->n_asked--;
  if (!ta_collection_look_finish (source, result, &is_locked, &error))
    is_locked = !ta_keyring_call_is_gone (error);
  if (is_locked)
    g_ptr_array_add (locked->locked, g_strdup (look->path));
  look_on (task);
}

static void
look_at (GTask *task, const char *path)
{
  Locked *locked = g_task_get_task_data (task);
  Look *look = g_new0 (Look, 1);

  look->task = g_object_ref (task);
  look->path = path;
  locked->n_asked++;
  ta_collection_look_async (g_task_get_source_object (task), path, g_task_get_cancellable (task),
                            look_cb, look);
}

static void
look_on (GTask *task)
{
  Locked *locked = g_task_get_task_data (task);

  while (locked->n_asked < ASKED_MAX && locked->paths[locked->next] != NULL)
    look_at (task, locked->paths[locked->next++]);
  if (locked->n_asked > 0 || g_task_return_error_if_cancelled (task))
    return;
  g_ptr_array_add (locked->locked, NULL);
  g_task_return_pointer (task, g_strdupv ((char **) locked->locked->pdata),
                         (GDestroyNotify) g_strfreev);
}

static void
collections_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Locked *locked = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GVariant) paths = ta_keyring_call_get_finish (source, result, "ao", &error);

  if (paths == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  locked->paths = g_variant_dup_objv (paths, NULL);
  look_on (task);
}

/* Errors: the Secret Service failed. */
void
ta_locked_find_async (SecretService *service, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (service, cancellable, callback, user_data);
  Locked *locked = g_new0 (Locked, 1);

  g_task_set_source_tag (task, ta_locked_find_async);
  locked->locked = g_ptr_array_new_with_free_func (g_free);
  g_task_set_task_data (task, locked, (GDestroyNotify) locked_free);
  ta_keyring_call_get (service, g_dbus_proxy_get_object_path (G_DBUS_PROXY (service)),
                       "org.freedesktop.Secret.Service", "Collections", cancellable, collections_cb,
                       task);
}

/* (transfer full): the paths of those that are locked. */
char **
ta_locked_find_finish (SecretService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

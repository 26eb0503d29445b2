/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-approval.h"

#include "base/ta-grants.h"
#include "io/ta-permission-store.h"

/* A question whose yes becomes a grant. What stands in the store is read after the answer: the
 * question may have been open for long. */

typedef struct
{
  char *name;    /* (owned): of the application, in the store */
  char *account; /* (owned) */
  TaConsentWish wish;
} Approval;

static void
approval_free (Approval *approval)
{
  g_free (approval->name);
  g_free (approval->account);
  g_free (approval);
}

static void
save_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (ta_permission_store_save_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Approval *approval = g_task_get_task_data (task);
  const char *const added[][3] = {
    [TA_CONSENT_READ] = { "GET /*", "HEAD /*", NULL },
    [TA_CONSENT_CHANGE] = { TA_GRANTS_ALL_CALLS, NULL },
    [TA_CONSENT_TOKEN] = { TA_GRANTS_TOKEN, NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) permissions = ta_permission_store_load_finish (result, &error);
  g_auto (GStrv) all = NULL;

  if (permissions == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  all = ta_grants_add ((const char *const *) permissions, added[approval->wish]);
  ta_permission_store_save_async (G_DBUS_CONNECTION (source), approval->account, approval->name,
                                  (const char *const *) all, save_cb, g_object_ref (task));
}

static void
consent_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Approval *approval = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (ta_consent_ask_finish (TA_CONSENT (source), result, &error))
    ta_permission_store_load_async (g_task_get_source_object (task), approval->account,
                                    approval->name, NULL, load_cb, g_object_ref (task));
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* `wish`: any but TA_CONSENT_SIGN_IN, which is nothing to be granted for good. */
void
ta_approval_get_async (GDBusConnection *bus, TaConsent *consent, TaApplication *application,
                       const char *account, TaConsentWish wish, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (bus, cancellable, callback, user_data);
  Approval *approval = g_new0 (Approval, 1);

  g_task_set_source_tag (task, ta_approval_get_async);
  approval->name = ta_grants_get_name (application);
  approval->account = g_strdup (account);
  approval->wish = wish;
  g_task_set_task_data (task, approval, (GDestroyNotify) approval_free);
  ta_consent_ask_async (consent, application, account, wish, cancellable, consent_cb,
                        g_object_ref (task));
}

/* Errors: those of ta_consent_ask_finish() and ta_permission_store_load_finish(). */
gboolean
ta_approval_get_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

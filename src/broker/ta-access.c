/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-access.h"

#include "base/ta-error.h"
#include "base/ta-grants.h"
#include "broker/ta-approval.h"
#include "io/ta-host-access.h"
#include "io/ta-permission-store.h"

/* Decides by whom it is that asks, in the order the functions stand below:
 * who is it? -> what is granted? -> where that does not say: may the user be asked? -> the answer,
 * which becomes a grant.
 *
 * - Nobody knows who it is: no.
 * - Outside of a sandbox: as the configuration says; nothing there could be enforced.
 * - Sandboxed, or outside and the configuration says "ask": what the permission store grants. The
 *   user is asked only if the caller is interactive, and a sandboxed application is never given a
 *   token in this way.
 *
 * Whatever cannot be looked up is a no. */

struct _TaAccess
{
  GObject parent_instance;

  GDBusConnection *bus;    /* (owned) */
  TaConsent *consent;      /* (owned) */
  TaHostAccessStore *host; /* (owned) */
};

G_DEFINE_FINAL_TYPE (TaAccess, ta_access, G_TYPE_OBJECT)

/* One check. */
typedef struct
{
  TaApplication *application; /* (owned) */
  char *name;                 /* (owned): in the permission store */
  char *account;              /* (owned) */
  char *method;               /* (owned) (nullable): a token is wanted */
  char *path;                 /* (owned) (nullable) */
  gboolean interactive;
} Check;

static void
check_free (Check *check)
{
  ta_application_unref (check->application);
  g_free (check->name);
  g_free (check->account);
  g_free (check->method);
  g_free (check->path);
  g_free (check);
}

static TaConsentWish
get_wish (const Check *check)
{
  if (check->method == NULL)
    return TA_CONSENT_TOKEN;
  return g_str_equal (check->method, "GET") || g_str_equal (check->method, "HEAD")
             ? TA_CONSENT_READ
             : TA_CONSENT_CHANGE;
}

static void
approval_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (ta_approval_get_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* What is missing is told so that the caller knows what to do about it. */
static void
ask (GTask *task, const char *const *permissions)
{
  TaAccess *self = g_task_get_source_object (task);
  const Check *check = g_task_get_task_data (task);

  if (check->method == NULL && check->application->trust == TA_TRUST_SANDBOXED)
    g_task_return_new_error (task, TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                             "The user is not asked to give tokens to sandboxed applications: use "
                             "CallApi, or have the user run tidio-auth apps allow with --token");
  else if (check->interactive)
    ta_approval_get_async (self->bus, self->consent, check->application, check->account,
                           get_wish (check), g_task_get_cancellable (task), approval_cb,
                           g_object_ref (task));
  else if (check->method != NULL && ta_grants_has_call (permissions))
    g_task_return_new_error (task, TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                             "The user allowed this application other calls only: call with "
                             "interactive to have the user asked");
  else
    g_task_return_new_error (task, TA_ERROR, TA_ERROR_INTERACTION_REQUIRED,
                             "The user did not allow this application to do that yet: call with "
                             "interactive to have the user asked");
}

static void
return_denied (GTask *task)
{
  g_task_return_new_error (task, TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                           "The user denied this application the account: have the user run "
                           "tidio-auth apps allow to change that");
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Check *check = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) loaded = ta_permission_store_load_finish (result, &error);
  const char *const *permissions = (const char *const *) loaded;
  TaVerdict verdict;

  if (permissions == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  verdict = check->method == NULL ? ta_grants_check_token (permissions)
                                  : ta_grants_check_call (permissions, check->method, check->path);
  switch (verdict)
    {
    case TA_VERDICT_ALLOWED:
      g_task_return_boolean (task, TRUE);
      break;
    case TA_VERDICT_DENIED:
      return_denied (task);
      break;
    case TA_VERDICT_NONE:
      ask (task, permissions);
      break;
    }
}

/* Whether the configuration leaves it to the grants; if not, it is decided. */
static gboolean
leaves_host_to_grants (TaAccess *self, const TaApplication *application, gboolean *allowed,
                       GError **error)
{
  TaHostAccess access;

  *allowed = FALSE;
  if (!ta_host_access_load (self->host, &access, error))
    return FALSE;
  if (access == TA_HOST_ACCESS_DENY)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                         "The configuration denies programs outside of a sandbox tokens and calls: "
                         "see Host in tidio-auth.conf");
  else if (access == TA_HOST_ACCESS_ALLOW)
    *allowed = TRUE;
  else if (*application->id == '\0')
    g_set_error_literal (error, TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                         "It cannot be told which program this is, as must be while Host is ask in "
                         "tidio-auth.conf");
  else
    return TRUE;
  return FALSE;
}

static gboolean
is_unidentified (GTask *task, const TaApplication *application)
{
  if (application->trust != TA_TRUST_UNIDENTIFIED)
    return FALSE;
  g_task_return_new_error (task, TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                           "It cannot be told which program calls: call from a process that waits "
                           "for the answer");
  return TRUE;
}

static GTask *
begin (TaAccess *self, TaApplication *application, const char *account, GCancellable *cancellable,
       GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Check *check = g_new0 (Check, 1);

  check->application = ta_application_ref (application);
  check->name = ta_grants_get_name (application);
  check->account = g_strdup (account);
  g_task_set_task_data (task, check, (GDestroyNotify) check_free);
  return task;
}

/* `account`: the id of one, be there such an account or not. `method` and `path` (nullable): of the
 * call, as for ta_grants_check_call(); without them a token is wanted. `interactive`: the user may
 * be asked. */
void
ta_access_check_async (TaAccess *self, TaApplication *application, const char *account,
                       const char *method, const char *path, gboolean interactive,
                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = begin (self, application, account, cancellable, callback, user_data);
  Check *check = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  gboolean allowed;

  g_task_set_source_tag (task, ta_access_check_async);
  check->method = g_strdup (method);
  check->path = g_strdup (path);
  check->interactive = interactive;
  if (is_unidentified (task, application))
    return;
  if (application->trust == TA_TRUST_SANDBOXED
      || leaves_host_to_grants (self, application, &allowed, &error))
    ta_permission_store_load_async (self->bus, account, check->name, cancellable, load_cb,
                                    g_steal_pointer (&task));
  else if (allowed)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Errors: TA_ERROR_NOT_AUTHORIZED: no; TA_ERROR_INTERACTION_REQUIRED: the user has to be asked and
 * was not, or did not answer; TA_ERROR_BUSY, TA_ERROR_TIMEOUT: not now; TA_ERROR_NOT_CONFIGURED;
 * G_IO_ERROR_CANCELLED. */
gboolean
ta_access_check_finish (TaAccess *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
sign_in_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (ta_consent_ask_finish (TA_CONSENT (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Without a permission store nothing is denied for good. */
static void
load_denial_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TaAccess *self = g_task_get_source_object (task);
  const Check *check = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) permissions = ta_permission_store_load_finish (result, &error);

  if (permissions == NULL && !g_error_matches (error, TA_ERROR, TA_ERROR_NOT_AUTHORIZED))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (permissions != NULL
           && g_strv_contains ((const char *const *) permissions, TA_GRANTS_DENY))
    return_denied (task);
  else
    ta_consent_ask_async (self->consent, check->application, check->account, TA_CONSENT_SIGN_IN,
                          g_task_get_cancellable (task), sign_in_cb, g_object_ref (task));
}

/* Whether the application may have the user sign in to the account. A sandboxed one may if the user
 * says so, this time. */
void
ta_access_ask_sign_in_async (TaAccess *self, TaApplication *application, const char *account,
                             GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = begin (self, application, account, cancellable, callback, user_data);
  const Check *check = g_task_get_task_data (task);

  g_task_set_source_tag (task, ta_access_ask_sign_in_async);
  if (is_unidentified (task, application))
    return;
  if (application->trust == TA_TRUST_HOST)
    g_task_return_boolean (task, TRUE);
  else
    ta_permission_store_load_async (self->bus, account, check->name, cancellable, load_denial_cb,
                                    g_steal_pointer (&task));
}

/* Errors: those of ta_access_check_finish(). */
gboolean
ta_access_ask_sign_in_finish (TaAccess *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Whether the application may do everything, as can be told without asking anybody. */
gboolean
ta_access_is_open_to (TaAccess *self, const TaApplication *application)
{
  gboolean allowed = FALSE;

  if (application->trust == TA_TRUST_HOST)
    leaves_host_to_grants (self, application, &allowed, NULL);
  return allowed;
}

/* Whether no question and no answer of the user's keeps any application waiting. */
gboolean
ta_access_is_patient (TaAccess *self)
{
  return ta_consent_is_patient (self->consent);
}

/* The user is asked nothing more. */
void
ta_access_close (TaAccess *self)
{
  ta_consent_close (self->consent);
}

static void
ta_access_init (TaAccess *self)
{
}

static void
ta_access_finalize (GObject *object)
{
  TaAccess *self = TA_ACCESS (object);

  g_object_unref (self->consent);
  ta_host_access_store_free (self->host);
  g_object_unref (self->bus);
  G_OBJECT_CLASS (ta_access_parent_class)->finalize (object);
}

static void
ta_access_class_init (TaAccessClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_access_finalize;
}

TaAccess *
ta_access_new (GDBusConnection *bus)
{
  TaAccess *self = g_object_new (TA_TYPE_ACCESS, NULL);

  self->bus = g_object_ref (bus);
  self->consent = ta_consent_new (bus);
  self->host = ta_host_access_store_new ();
  return self;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-open-call.h"

#include "base/ta-error.h"
#include "io/ta-deadline.h"

/* An API call whose bodies are streams: the beginning of the request's body, so that nothing is
 * asked of anybody for a body that does not come -> the call -> the response, whose body is left to
 * be read. */

typedef struct
{
  TaSignIns *sign_ins;       /* (owned) */
  TaCall *call;              /* (owned) (nullable): NULL once it is made */
  GCancellable *cancellable; /* (owned) */
  TaDeadline *deadline;      /* (owned): for more of the body's beginning */
} Open;

static void make_call (GTask *task);

static void
open_free (Open *self)
{
  g_object_unref (self->sign_ins);
  g_clear_pointer (&self->call, ta_call_free);
  g_object_unref (self->cancellable);
  ta_deadline_free (self->deadline);
  g_free (self);
}

static void
call_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  TaHttpResponse *response = ta_call_finish (TA_ACCOUNTS (source), result, &error);

  if (response != NULL)
    g_task_return_pointer (task, response, (GDestroyNotify) ta_http_response_free);
  else
    g_task_return_error (task, error);
}

static void
prepare_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Open *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (ta_upload_prepare_finish (self->call->upload, result, &error))
    {
      ta_deadline_restart (self->deadline, self->call->timeout);
      make_call (g_steal_pointer (&task));
    }
  else if (ta_deadline_has_expired (self->deadline))
    g_task_return_new_error (task, TA_ERROR, TA_ERROR_TIMEOUT,
                             "The body did not come in time: write it, or close its pipe");
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Takes the task. */
static void
make_call (GTask *task)
{
  Open *self = g_task_get_task_data (task);
  TaCall *call = self->call;

  if (call->upload != NULL && !ta_upload_is_ready (call->upload))
    {
      ta_upload_prepare_async (call->upload, ta_deadline_get_cancellable (self->deadline),
                               prepare_cb, task);
      return;
    }
  if (call->upload != NULL && ta_upload_get_length (call->upload) == 0)
    g_clear_pointer (&call->upload, ta_upload_unref);
  ta_call_async (g_task_get_source_object (task), self->sign_ins, g_steal_pointer (&self->call),
                 self->cancellable, call_cb, task);
}

/* Makes a call that was checked. Takes the call. Its body is not read for a method that has none
 * (RFC 9110 sections 9.3.1 and 9.3.2). Errors: those of ta_call_async(), TA_ERROR_TIMEOUT. */
void
ta_open_call_async (TaAccounts *accounts, TaSignIns *sign_ins, TaCall *call,
                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (accounts, NULL, callback, user_data);
  Open *self = g_new0 (Open, 1);

  g_task_set_source_tag (task, ta_open_call_async);
  self->sign_ins = g_object_ref (sign_ins);
  self->call = call;
  self->cancellable = g_object_ref (cancellable);
  self->deadline = ta_deadline_new (call->timeout, cancellable);
  g_task_set_task_data (task, self, (GDestroyNotify) open_free);
  call->streams = TRUE;
  if (g_str_equal (call->method, "GET") || g_str_equal (call->method, "HEAD"))
    g_clear_pointer (&call->upload, ta_upload_unref);
  make_call (task);
}

TaHttpResponse *
ta_open_call_finish (TaAccounts *accounts, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, accounts), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

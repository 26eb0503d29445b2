/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-consent.h"

#include "base/ta-error.h"
#include "base/ta-grants.h"
#include "broker/ta-patience.h"
#include "broker/ta-question.h"

/* Asks the user, and keeps applications from making a nuisance of it:
 *
 * - one question is on the screen at a time, and a few wait for their turn;
 * - one question per application: whoever wants the same meanwhile gets the same answer;
 * - none soon after another of the same application, see ta-patience.c.
 *
 * A question goes when nobody waits for its answer any more. A yes is not remembered here. */

#define WAITING_MAX 8

struct _TaConsent
{
  GObject parent_instance;

  GDBusConnection *bus; /* (owned) */
  GQueue *asking;       /* (owned) (element-type Asking): the first one is on the screen */
  TaPatience *patience; /* (owned) */
  gboolean closed;
};

G_DEFINE_FINAL_TYPE (TaConsent, ta_consent, G_TYPE_OBJECT)

typedef struct
{
  TaConsent *consent;         /* (owned) */
  TaApplication *application; /* (owned) */
  char *name;                 /* (owned): of the application */
  char *account;              /* (owned) */
  TaConsentWish wish;
  GPtrArray *callers;        /* (owned) (element-type Caller) */
  GCancellable *cancellable; /* (owned): of the question */
  gboolean shown;
} Asking;

typedef struct
{
  Asking *asking;  /* (unowned) */
  GTask *task;     /* (owned) */
  GSource *leaves; /* (owned) (nullable): when it waits no longer */
} Caller;

static void show_next (TaConsent *self);

static void
caller_free (Caller *caller)
{
  if (caller->leaves != NULL)
    g_source_destroy (caller->leaves);
  g_clear_pointer (&caller->leaves, g_source_unref);
  g_object_unref (caller->task);
  g_free (caller);
}

static void
asking_free (Asking *asking)
{
  ta_application_unref (asking->application);
  g_free (asking->name);
  g_free (asking->account);
  g_ptr_array_unref (asking->callers);
  g_object_unref (asking->cancellable);
  g_object_unref (asking->consent);
  g_free (asking);
}

static GError *
create_error (TaQuestionAnswer answer)
{
  switch (answer)
    {
    case TA_QUESTION_DENIED:
      return g_error_new_literal (TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                                  "The user said no: do not ask again before the user wants it");
    case TA_QUESTION_UNSEEN:
      return g_error_new_literal (TA_ERROR, TA_ERROR_INTERACTION_REQUIRED,
                                  "The user cannot be asked, as this desktop shows no questions: "
                                  "have the user run tidio-auth apps allow");
    case TA_QUESTION_ALLOWED:
      return NULL;
    case TA_QUESTION_UNANSWERED:
    default:
      return g_error_new_literal (TA_ERROR, TA_ERROR_INTERACTION_REQUIRED,
                                  "The user was asked and did not answer: call again when the user "
                                  "is there");
    }
}

/* `asking` (transfer full) */
static void
end (Asking *asking, TaQuestionAnswer answer)
{
  g_autoptr (GError) error = create_error (answer);

  g_queue_remove (asking->consent->asking, asking);
  for (guint i = 0; i < asking->callers->len; i++)
    {
      const Caller *caller = asking->callers->pdata[i];

      if (error == NULL)
        g_task_return_boolean (caller->task, TRUE);
      else
        g_task_return_error (caller->task, g_error_copy (error));
    }
  asking_free (asking);
}

static void
question_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Asking *asking = user_data;
  g_autoptr (TaConsent) self = g_object_ref (asking->consent);
  TaQuestionAnswer answer = ta_question_ask_finish (result);

  if (answer == TA_QUESTION_DENIED)
    ta_patience_note_denial (self->patience, asking->name);
  else if (answer == TA_QUESTION_UNSEEN)
    ta_patience_forget (self->patience, asking->name);
  end (asking, answer);
  show_next (self);
}

static void
show_next (TaConsent *self)
{
  Asking *asking = g_queue_peek_head (self->asking);
  g_autoptr (TaConsentText) text = NULL;

  if (asking == NULL || asking->shown)
    return;
  asking->shown = TRUE;
  text = ta_consent_text_new (asking->application, asking->account, asking->wish);
  ta_patience_note_question (self->patience, asking->name);
  ta_question_ask_async (self->bus, asking->application->id, text, asking->cancellable, question_cb,
                         asking);
}

/* A question on the screen ends by itself once it is cancelled. */
static gboolean
on_leave (GCancellable *cancellable, gpointer user_data)
{
  Caller *caller = user_data;
  Asking *asking = caller->asking;
  g_autoptr (GTask) task = g_object_ref (caller->task);

  g_ptr_array_remove (asking->callers, caller);
  if (asking->callers->len == 0 && asking->shown)
    g_cancellable_cancel (asking->cancellable);
  else if (asking->callers->len == 0)
    end (asking, TA_QUESTION_UNANSWERED);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static void
add_caller (Asking *asking, GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  Caller *caller = g_new0 (Caller, 1);

  caller->asking = asking;
  caller->task = g_object_ref (task);
  if (cancellable != NULL)
    {
      caller->leaves = g_cancellable_source_new (cancellable);
      g_source_set_callback (caller->leaves, G_SOURCE_FUNC (on_leave), caller, NULL);
      g_source_attach (caller->leaves, g_main_context_get_thread_default ());
    }
  g_ptr_array_add (asking->callers, caller);
}

/* (nullable): the application's question; it has one at most. */
static Asking *
find_asking (TaConsent *self, const char *name)
{
  for (GList *link = self->asking->head; link != NULL; link = link->next)
    {
      Asking *asking = link->data;

      if (g_str_equal (asking->name, name) && asking->callers->len > 0)
        return asking;
    }
  return NULL;
}

/* Whether there may be a new question of this application now. */
static gboolean
check (TaConsent *self, const char *name, GError **error)
{
  if (self->closed)
    g_propagate_error (error, create_error (TA_QUESTION_UNANSWERED));
  else if (find_asking (self, name) != NULL)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_BUSY,
                         "The user is being asked something else for this application: try again "
                         "after the answer");
  else if (!ta_patience_check (self->patience, name, error))
    return FALSE;
  else if (g_queue_get_length (self->asking) > WAITING_MAX)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_BUSY,
                         "Too many applications wait for the user's answer: try again later");
  else
    return TRUE;
  return FALSE;
}

static Asking *
asking_new (TaConsent *self, TaApplication *application, const char *account, TaConsentWish wish)
{
  Asking *asking = g_new0 (Asking, 1);

  asking->consent = g_object_ref (self);
  asking->application = ta_application_ref (application);
  asking->name = ta_grants_get_name (application);
  asking->account = g_strdup (account);
  asking->wish = wish;
  asking->callers = g_ptr_array_new_with_free_func ((GDestroyNotify) caller_free);
  asking->cancellable = g_cancellable_new ();
  return asking;
}

/* Asks for what the application wants of the account. */
void
ta_consent_ask_async (TaConsent *self, TaApplication *application, const char *account,
                      TaConsentWish wish, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *name = ta_grants_get_name (application);
  Asking *asking = find_asking (self, name);
  g_autoptr (GError) error = NULL;

  g_task_set_source_tag (task, ta_consent_ask_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (asking != NULL && asking->wish == wish && g_str_equal (asking->account, account))
    {
      add_caller (asking, task);
      return;
    }
  if (!check (self, name, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  asking = asking_new (self, application, account, wish);
  add_caller (asking, task);
  g_queue_push_tail (self->asking, asking);
  show_next (self);
}

/* Whether the user said yes. Errors: TA_ERROR_NOT_AUTHORIZED: it was a no; TA_ERROR_BUSY: it is too
 * early; TA_ERROR_INTERACTION_REQUIRED: there was no answer; G_IO_ERROR_CANCELLED. */
gboolean
ta_consent_ask_finish (TaConsent *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Whether no question and no answer of the user's keeps any application waiting. */
gboolean
ta_consent_is_patient (TaConsent *self)
{
  return g_queue_is_empty (self->asking) && ta_patience_is_over (self->patience);
}

/* Takes away what is on the screen, and asks nothing more. */
void
ta_consent_close (TaConsent *self)
{
  g_autoptr (GQueue) asking = g_queue_copy (self->asking);

  self->closed = TRUE;
  for (GList *link = asking->head; link != NULL; link = link->next)
    {
      Asking *one = link->data;

      if (one->shown)
        g_cancellable_cancel (one->cancellable);
      else
        end (one, TA_QUESTION_UNANSWERED);
    }
}

static void
ta_consent_init (TaConsent *self)
{
  self->asking = g_queue_new ();
  self->patience = ta_patience_new ();
}

static void
ta_consent_finalize (GObject *object)
{
  TaConsent *self = TA_CONSENT (object);

  g_queue_free (self->asking);
  ta_patience_free (self->patience);
  g_object_unref (self->bus);
  G_OBJECT_CLASS (ta_consent_parent_class)->finalize (object);
}

static void
ta_consent_class_init (TaConsentClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_consent_finalize;
}

TaConsent *
ta_consent_new (GDBusConnection *bus)
{
  TaConsent *self = g_object_new (TA_TYPE_CONSENT, NULL);

  self->bus = g_object_ref (bus);
  return self;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-question.h"

#include "io/ta-access-dialog.h"
#include "io/ta-deadline.h"
#include "io/ta-notification.h"

#include <glib/gi18n.h>

/* One question on the screen, from its start to its answer: the access dialog of the desktop's
 * portals, or where there is none a notification with two buttons. Only the button that says so
 * allows; whatever else the user does about it is a no. */

/* The longest that it is left open, seconds. */
#define TIMEOUT 120

#define ALLOW "allow"
#define DENY "deny"

typedef struct
{
  TaConsentText *text;          /* (owned) */
  TaDeadline *deadline;         /* (owned) */
  TaNotification *notification; /* (owned) (nullable): while it is to be seen */
  GSource *end;                 /* (owned) (nullable): when that is to end */
} Question;

static void
question_free (Question *question)
{
  ta_consent_text_free (question->text);
  ta_deadline_free (question->deadline);
  g_free (question);
}

/* Takes the notification away. `task` (transfer full) */
static void
answer (GTask *task, TaQuestionAnswer answered)
{
  Question *question = g_task_get_task_data (task);

  g_signal_handlers_disconnect_by_data (question->notification, task);
  ta_notification_withdraw (question->notification);
  g_clear_object (&question->notification);
  g_source_destroy (question->end);
  g_clear_pointer (&question->end, g_source_unref);
  g_task_return_int (task, answered);
  g_object_unref (task);
}

static void
on_action (TaNotification *notification, const char *key, GTask *task)
{
  answer (task, g_str_equal (key, ALLOW) ? TA_QUESTION_ALLOWED : TA_QUESTION_DENIED);
}

static void
on_closed (TaNotification *notification, gboolean seen, GTask *task)
{
  answer (task, seen ? TA_QUESTION_DENIED : TA_QUESTION_UNSEEN);
}

static gboolean
on_end (GCancellable *cancellable, gpointer user_data)
{
  answer (user_data, TA_QUESTION_UNANSWERED);
  return G_SOURCE_REMOVE;
}

/* `task` (transfer full): it is kept until the notification's end. */
static void
notify (GTask *task)
{
  Question *question = g_task_get_task_data (task);
  const TaConsentText *text = question->text;
  g_autofree char *body
      = g_strconcat (text->subtitle, *text->body != '\0' ? "\n" : "", text->body, NULL);

  question->notification = ta_notification_new (text->title, body, text->command);
  ta_notification_add_action (question->notification, DENY, _ ("Deny"));
  ta_notification_add_action (question->notification, ALLOW, _ ("Allow"));
  g_signal_connect (question->notification, "action", G_CALLBACK (on_action), task);
  g_signal_connect (question->notification, "closed", G_CALLBACK (on_closed), task);
  question->end = g_cancellable_source_new (ta_deadline_get_cancellable (question->deadline));
  g_source_set_callback (question->end, G_SOURCE_FUNC (on_end), task, NULL);
  g_source_attach (question->end, g_main_context_get_thread_default ());
  ta_notification_show (question->notification);
}

static void
dialog_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  switch (ta_access_dialog_ask_finish (result))
    {
    case TA_ACCESS_DIALOG_GRANTED:
      g_task_return_int (task, TA_QUESTION_ALLOWED);
      break;
    case TA_ACCESS_DIALOG_DENIED:
      g_task_return_int (task, TA_QUESTION_DENIED);
      break;
    case TA_ACCESS_DIALOG_ENDED:
      g_task_return_int (task, TA_QUESTION_UNANSWERED);
      break;
    case TA_ACCESS_DIALOG_ABSENT:
      notify (g_steal_pointer (&task));
      break;
    }
}

/* `application`: the id of whoever asks. */
void
ta_question_ask_async (GDBusConnection *bus, const char *application, const TaConsentText *text,
                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (bus, cancellable, callback, user_data);
  Question *question = g_new0 (Question, 1);
  TaAccessDialogTexts texts = {
    .application = application,
    .title = text->title,
    .subtitle = text->subtitle,
    .body = text->body,
    .deny = _ ("Deny"),
    .grant = _ ("Allow"),
  };

  g_task_set_source_tag (task, ta_question_ask_async);
  g_task_set_check_cancellable (task, FALSE);
  question->text = ta_consent_text_copy (text);
  question->deadline = ta_deadline_new (TIMEOUT, cancellable);
  g_task_set_task_data (task, question, (GDestroyNotify) question_free);
  ta_access_dialog_ask_async (bus, &texts, ta_deadline_get_cancellable (question->deadline),
                              dialog_cb, g_object_ref (task));
}

TaQuestionAnswer
ta_question_ask_finish (GAsyncResult *result)
{
  return (TaQuestionAnswer) g_task_propagate_int (G_TASK (result), NULL);
}

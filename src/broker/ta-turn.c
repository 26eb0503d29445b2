/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-turn.h"

#include "io/ta-clock.h"

/* Waiting until a URI may be asked. */

typedef struct
{
  char *uri;             /* (owned) */
  gint64 deadline;       /* on the boot clock, ms */
  guint timer;           /* while it may not be asked */
  gulong reopen_handler; /* and until it may be asked after all */
  gulong cancel_handler;
} Turn;

static void look (GTask *task);

static void
turn_free (Turn *turn)
{
  g_free (turn->uri);
  g_free (turn);
}

static void
stop_waiting (GTask *task)
{
  Turn *turn = g_task_get_task_data (task);

  g_clear_handle_id (&turn->timer, g_source_remove);
  g_clear_signal_handler (&turn->reopen_handler, g_task_get_source_object (task));
  g_clear_signal_handler (&turn->cancel_handler, g_task_get_cancellable (task));
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  stop_waiting (task);
  g_task_return_error_if_cancelled (task);
}

static gboolean
on_time (gpointer user_data)
{
  GTask *task = user_data;
  Turn *turn = g_task_get_task_data (task);

  turn->timer = 0;
  stop_waiting (task);
  look (task);
  return G_SOURCE_REMOVE;
}

static void
on_reopened (TaThrottle *throttle, GTask *task)
{
  stop_waiting (task);
  look (task);
}

/* Takes the task. */
static void
look (GTask *task)
{
  TaThrottle *throttle = g_task_get_source_object (task);
  Turn *turn = g_task_get_task_data (task);
  gint64 wait = ta_throttle_get_wait (throttle, turn->uri);

  if (wait > 0 && wait <= turn->deadline - ta_clock_boot_ms ())
    {
      turn->timer = g_timeout_add ((guint) wait, on_time, task);
      turn->reopen_handler
          = g_signal_connect (throttle, "reopened", G_CALLBACK (on_reopened), task);
      turn->cancel_handler = g_signal_connect (g_task_get_cancellable (task), "cancelled",
                                               G_CALLBACK (on_cancelled), task);
      return;
    }
  if (wait > 0)
    g_task_return_error (task, ta_throttle_get_error (throttle, turn->uri));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* Waits until the URI may be asked, if that is within so many seconds; otherwise fails at once.
 * Errors: those of ta_throttle_get_error(), G_IO_ERROR_CANCELLED. */
void
ta_turn_async (TaThrottle *throttle, const char *uri, guint timeout, GCancellable *cancellable,
               GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (throttle, cancellable, callback, user_data);
  Turn *turn = g_new0 (Turn, 1);

  g_task_set_source_tag (task, ta_turn_async);
  turn->uri = g_strdup (uri);
  turn->deadline = ta_clock_boot_ms () + timeout * G_GINT64_CONSTANT (1000);
  g_task_set_task_data (task, turn, (GDestroyNotify) turn_free);
  look (task);
}

gboolean
ta_turn_finish (TaThrottle *throttle, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, throttle), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-waiters.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"

/* How long a caller without a time-out of its own waits for a refresh to begin, seconds. */
#define PATIENCE 60

struct _TaWaiters
{
  GPtrArray *waiting; /* (owned) (element-type Waiter) */
};

typedef struct
{
  GTask *task;       /* (owned): returns a TaTokenAnswer */
  TaTokenWish *wish; /* (owned) */
  gint64 until;      /* on the boot clock, ms: it will not wait longer */
  gboolean was_kept; /* while the user was asked: no second time */
} Waiter;

static void
waiter_free (Waiter *waiter)
{
  g_object_unref (waiter->task);
  ta_token_wish_free (waiter->wish);
  g_free (waiter);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Waiter, waiter_free)

TaWaiters *
ta_waiters_new (void)
{
  TaWaiters *self = g_new0 (TaWaiters, 1);

  self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) waiter_free);
  return self;
}

void
ta_waiters_free (TaWaiters *self)
{
  g_ptr_array_unref (self->waiting);
  g_free (self);
}

/* Lets a caller wait. `task` will return a TaTokenAnswer. */
void
ta_waiters_add (TaWaiters *self, GTask *task, const TaTokenWish *wish)
{
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->task = g_object_ref (task);
  waiter->wish = ta_token_wish_copy (wish);
  waiter->until = ta_clock_boot_ms () + (wish->timeout > 0 ? wish->timeout : PATIENCE) * 1000;
  g_ptr_array_add (self->waiting, waiter);
}

/* How many wait. Those who left in the meantime wait no longer. */
guint
ta_waiters_count (TaWaiters *self)
{
  for (guint i = self->waiting->len; i > 0; i--)
    {
      Waiter *waiter = self->waiting->pdata[i - 1];

      if (g_task_return_error_if_cancelled (waiter->task))
        g_ptr_array_remove_index (self->waiting, i - 1);
    }
  return self->waiting->len;
}

/* (transfer full): of the callers, whoever of them still waits. */
TaQuorum *
ta_waiters_create_quorum (TaWaiters *self)
{
  TaQuorum *quorum = ta_quorum_new ();

  for (guint i = 0; i < self->waiting->len; i++)
    ta_quorum_add (quorum, ((const Waiter *) self->waiting->pdata[i])->wish->caller);
  return quorum;
}

/* Not now is not never: a token that is still valid is served while a refresh fails. */
static gboolean
is_served (const Waiter *waiter, const TaToken *token, TaInstant now, const GError *error)
{
  return error == NULL
         || (!g_error_matches (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED)
             && !g_error_matches (error, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT)
             && ta_token_is_valid (token, now) && !ta_token_wish_rejects (waiter->wish, token));
}

static void
answer (const Waiter *waiter, TaToken *token, TaInstant now, const GError *error)
{
  if (is_served (waiter, token, now, error))
    g_task_return_pointer (waiter->task, ta_token_answer_new (token, error != NULL),
                           (GDestroyNotify) ta_token_answer_free);
  else
    g_task_return_error (waiter->task, g_error_copy (error));
}

/* Nobody can be helped before `wait` milliseconds are over, for a reason: those that `token` will
 * do for, or that cannot wait for so long, are answered. */
void
ta_waiters_hold_back (TaWaiters *self, TaToken *token, TaInstant now, gint64 wait,
                      const GError *reason)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);
  gint64 end = ta_clock_boot_ms () + wait;

  self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) waiter_free);
  while (waiting->len > 0)
    {
      g_autoptr (Waiter) waiter = g_ptr_array_steal_index (waiting, 0);

      if (g_task_return_error_if_cancelled (waiter->task))
        continue;
      if (waiter->until >= end && !is_served (waiter, token, now, reason))
        g_ptr_array_add (self->waiting, g_steal_pointer (&waiter));
      else
        answer (waiter, token, now, reason);
    }
}

/* Answers everybody: with `token`, which was refreshed if `error` is NULL, else with it or the
 * error. `keep_interactive`: those that are interactive go on waiting, once. Whether somebody does.
 */
gboolean
ta_waiters_answer (TaWaiters *self, TaToken *token, TaInstant now, const GError *error,
                   gboolean keep_interactive)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);
  gboolean is_kept = FALSE;

  self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) waiter_free);
  while (waiting->len > 0)
    {
      g_autoptr (Waiter) waiter = g_ptr_array_steal_index (waiting, 0);

      if (g_task_return_error_if_cancelled (waiter->task))
        continue;
      if (keep_interactive && waiter->wish->interactive && !waiter->was_kept)
        {
          waiter->was_kept = TRUE;
          g_ptr_array_add (self->waiting, g_steal_pointer (&waiter));
          is_kept = TRUE;
        }
      else
        answer (waiter, token, now, error);
    }
  return is_kept;
}

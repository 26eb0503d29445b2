/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-deadline.h"

/* It stands still in suspend, because GLib's clock does: what is waited for, a network, a service
 * or a person, was not there either. What must not be late by that has an alarm (ta-alarm.h).
 *
 * g_cancellable_disconnect() would wait for ever: a deadline may end because its parent is being
 * cancelled, within that. There are no threads that it would have to wait for. */

struct _TaDeadline
{
  GCancellable *cancellable; /* (owned) */
  GCancellable *parent;      /* (owned) (nullable) */
  gulong parent_handler;     /* 0: it was cancelled before */
  guint timer;
  gboolean expired;
};

static gboolean
on_time (gpointer user_data)
{
  TaDeadline *self = user_data;

  self->timer = 0;
  self->expired = !g_cancellable_is_cancelled (self->cancellable);
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_parent_cancelled (GCancellable *parent, GCancellable *cancellable)
{
  g_cancellable_cancel (cancellable);
}

/* `parent` may be NULL. */
TaDeadline *
ta_deadline_new (guint seconds, GCancellable *parent)
{
  TaDeadline *self = g_new0 (TaDeadline, 1);

  self->cancellable = g_cancellable_new ();
  self->timer = g_timeout_add_seconds (seconds, on_time, self);
  if (parent != NULL)
    {
      self->parent = g_object_ref (parent);
      if (g_cancellable_is_cancelled (parent))
        g_cancellable_cancel (self->cancellable);
      else
        self->parent_handler = g_signal_connect_object (
            parent, "cancelled", G_CALLBACK (on_parent_cancelled), self->cancellable, 0);
    }
  return self;
}

/* Gives it so many seconds from now, unless it is over. */
void
ta_deadline_restart (TaDeadline *self, guint seconds)
{
  if (self->timer == 0)
    return;
  g_source_remove (self->timer);
  self->timer = g_timeout_add_seconds (seconds, on_time, self);
}

void
ta_deadline_free (TaDeadline *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->parent != NULL)
    g_clear_signal_handler (&self->parent_handler, self->parent);
  g_clear_object (&self->parent);
  g_object_unref (self->cancellable);
  g_free (self);
}

/* Owned by the deadline. */
GCancellable *
ta_deadline_get_cancellable (TaDeadline *self)
{
  return self->cancellable;
}

/* Whether the time ran out, and not the parent. */
gboolean
ta_deadline_has_expired (TaDeadline *self)
{
  return self->expired;
}

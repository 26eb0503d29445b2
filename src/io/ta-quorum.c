/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-quorum.h"

/* g_cancellable_connect() is not used, for the reason in ta-deadline.c. */

struct _TaQuorum
{
  GCancellable *cancellable; /* (owned) */
  GPtrArray *members;        /* (owned) (element-type GCancellable): not cancelled yet */
  gboolean is_open;          /* somebody will never be cancelled */
};

static void
check (TaQuorum *self)
{
  if (self->members->len == 0 && !self->is_open)
    g_cancellable_cancel (self->cancellable);
}

static void
on_cancelled (GCancellable *member, TaQuorum *self)
{
  g_signal_handlers_disconnect_by_func (member, on_cancelled, self);
  g_ptr_array_remove (self->members, member);
  check (self);
}

TaQuorum *
ta_quorum_new (void)
{
  TaQuorum *self = g_new0 (TaQuorum, 1);

  self->cancellable = g_cancellable_new ();
  self->members = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

/* `member` (nullable): NULL: one that is never cancelled. What is cancelled already stays so. */
void
ta_quorum_add (TaQuorum *self, GCancellable *member)
{
  if (member == NULL)
    self->is_open = TRUE;
  else if (!g_cancellable_is_cancelled (member) && !g_ptr_array_find (self->members, member, NULL))
    {
      g_ptr_array_add (self->members, g_object_ref (member));
      g_signal_connect (member, "cancelled", G_CALLBACK (on_cancelled), self);
    }
  check (self);
}

/* Owned by the quorum. */
GCancellable *
ta_quorum_get_cancellable (TaQuorum *self)
{
  return self->cancellable;
}

void
ta_quorum_free (TaQuorum *self)
{
  for (guint i = 0; i < self->members->len; i++)
    g_signal_handlers_disconnect_by_data (self->members->pdata[i], self);
  g_ptr_array_unref (self->members);
  g_object_unref (self->cancellable);
  g_free (self);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-wait.h"

#include <glib/gi18n.h>

/* Most calls are answered before anybody wonders, so nothing is said at first. Later a terminal is
 * told. Anything else is told only where a person may have to do something: scripts get no line
 * that comes and goes with the speed of a server. */

#define QUIET_SECONDS 2

/* `is_interactive`: the call may want something of the user, who then has as long as it takes.
 * `timeout`: in seconds, 0: unlimited. */
void
ta_wait_init (TaWait *self, gboolean is_interactive, guint timeout)
{
  *self = (TaWait){ .loop = g_main_loop_new (NULL, FALSE),
                    .is_interactive = is_interactive,
                    .timeout = timeout };
  ta_progress_init (&self->progress, TRUE);
}

/* To be given to the call, with the TaWait as its data. */
void
ta_wait_ready_cb (GObject *source, GAsyncResult *result, gpointer self)
{
  TaWait *wait = self;

  wait->result = g_object_ref (result);
  g_main_loop_quit (wait->loop);
}

static gboolean
on_tick (gpointer user_data)
{
  TaWait *self = user_data;

  self->seconds++;
  if (self->seconds < QUIET_SECONDS)
    return G_SOURCE_CONTINUE;
  if (self->is_interactive)
    ta_progress_show (&self->progress,
                      _ ("Waiting; the browser or the keyring may ask you something…"), 0);
  else if (self->progress.live)
    ta_progress_show (&self->progress, _ ("Waiting for the answer…"),
                      (gint64) self->timeout - self->seconds);
  return G_SOURCE_CONTINUE;
}

/* Returns when the call has ended, with what its _finish() function wants. */
GAsyncResult *
ta_wait_run (TaWait *self)
{
  guint tick = g_timeout_add_seconds (1, on_tick, self);

  if (self->result == NULL)
    g_main_loop_run (self->loop);
  g_source_remove (tick);
  ta_progress_clear (&self->progress);
  return self->result;
}

void
ta_wait_clear (TaWait *self)
{
  ta_progress_finish (&self->progress);
  g_clear_object (&self->result);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

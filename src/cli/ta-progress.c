/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-progress.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#define ERASE_LINE "\r\033[K"

/* Something moves as long as the program does, also where it is not known for how long. */
#define SPINNER "|/-\\"

/* `may_redraw`: FALSE while the user may be typing on the same terminal. */
void
ta_progress_init (TaProgress *self, gboolean may_redraw)
{
  self->live = may_redraw && isatty (STDERR_FILENO) && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
  self->drawn = FALSE;
  self->turns = 0;
  self->step = NULL;
}

/* `seconds_left`: 0 or less if that is unknown or does not matter. */
void
ta_progress_show (TaProgress *self, const char *step, gint64 seconds_left)
{
  if (self->live)
    {
      g_printerr (ERASE_LINE "%c %s", SPINNER[self->turns++ % strlen (SPINNER)], step);
      if (seconds_left > 0)
        g_printerr (_ (" %d:%02d left"), (int) (seconds_left / 60), (int) (seconds_left % 60));
      self->drawn = TRUE;
    }
  else if (g_strcmp0 (step, self->step) != 0)
    {
      g_free (self->step);
      self->step = g_strdup (step);
      g_printerr ("%s\n", step);
    }
}

/* Makes room for another line. */
void
ta_progress_clear (TaProgress *self)
{
  if (self->drawn)
    g_printerr (ERASE_LINE);
  self->drawn = FALSE;
}

void
ta_progress_finish (TaProgress *self)
{
  ta_progress_clear (self);
  g_clear_pointer (&self->step, g_free);
}

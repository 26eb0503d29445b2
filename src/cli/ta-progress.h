/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tells on stderr what goes on: a terminal gets one line that is kept up to date, anything else a
 * plain line per step. */
typedef struct
{
  gboolean live;
  gboolean drawn; /* the terminal's line is ours */
  guint turns;    /* how often it was drawn */
  char *step;     /* (owned) (nullable): the last one told */
} TaProgress;

void ta_progress_init (TaProgress *self, gboolean may_redraw);
void ta_progress_show (TaProgress *self, const char *step, gint64 seconds_left);
void ta_progress_clear (TaProgress *self);
void ta_progress_finish (TaProgress *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TaProgress, ta_progress_finish)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How long each of many steps took, in microseconds, and how many of them went wrong. */
typedef struct
{
  GArray *times; /* (owned) (element-type gint64) */
  guint errors;
  guint different; /* answers unlike the first one, where that is looked at */
  gint64 start;
} Samples;

/* The clock for `seconds` starts here. */
void samples_begin (Samples *samples);

/* A step that began at that time, by g_get_monotonic_time(), has just ended well. */
void samples_add (Samples *samples, gint64 since);

/* A step that went wrong; the first one is told on stderr. Takes the error. */
void samples_add_error (Samples *samples, GError *error);

/* One line of JSON on stdout. Returns the exit status of the program: whether all went well. */
int samples_end (Samples *samples);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* That somebody asked for something; all texts are clean, see ta_activity_new(). */
typedef struct
{
  gint64 time; /* Unix seconds, of the first of `count` */
  guint count;
  char *app;     /* (owned): empty if nothing is known */
  char *trust;   /* (owned) */
  char *account; /* (owned): empty if it is none in particular */
  char *what;    /* (owned): "token", or method and path */
  char *result;  /* (owned): "ok", an HTTP status or the short name of an error */
} TaActivity;

/* Seconds within which the same again is counted instead of listed. */
#define TA_ACTIVITY_REPEAT 60

/* The longest line, in bytes. */
#define TA_ACTIVITY_LINE_MAX 1024

TaActivity *ta_activity_new (gint64 time, const char *app, const char *trust, const char *account,
                             const char *what, const char *result);
void ta_activity_free (TaActivity *self);
gboolean ta_activity_is_like (const TaActivity *self, const TaActivity *other);
gboolean ta_activity_repeats (const TaActivity *self, const TaActivity *earlier);
char *ta_activity_to_line (const TaActivity *self);
TaActivity *ta_activity_parse_line (const char *line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaActivity, ta_activity_free)

G_END_DECLS

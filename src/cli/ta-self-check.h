/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One thing that was looked at, in the words of org.tidio.Auth.Diagnose(). */
typedef struct
{
  char *id;       /* (owned) */
  char *result;   /* (owned) */
  char *sentence; /* (owned) */
} TaSelfCheck;

GPtrArray *ta_self_check_run (void);
guint ta_self_check_count (GPtrArray *checks, const char *result);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One scan; all that is not set for it is zero. */
typedef struct
{
  guint values_left;       /* that may still come */
  char *copy;              /* (unowned) (nullable): the text that is scanned, if it may be mended */
  const char *const *read; /* (nullable): the names of members that must not need it */
  guint members;           /* of the outermost object, afterwards */
  guint n_first;           /* how many of them have the first of these names */

  const char *at; /* the scan's own, from here */
  const char *end;
  guint depth;
  guint n_mended;
} TaJsonScan;

gboolean ta_json_scan_text (TaJsonScan *scan, const char *text, gsize length);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How it stands with lock files. */
typedef struct
{
  gboolean has_place; /* there is a runtime folder that they can be in */
  gboolean is_ours;   /* what is named like their folder there is a folder of the user's */
  guint n_held;       /* by this process or another one */
  guint n_foreign;    /* no plain file of the user's is in the place */
} TaLockLook;

TaLockLook ta_lock_look (void);

G_END_DECLS

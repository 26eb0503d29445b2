/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean ta_handover_is_needed (void);
gboolean ta_handover_run (const char *uri, gint64 until);
gint64 ta_handover_take_end (void);
int ta_handover_get_left (gint64 until);

G_END_DECLS

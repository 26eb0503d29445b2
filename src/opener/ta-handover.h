/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean ta_handover_is_needed (void);
gboolean ta_handover_run (const char *uri);

G_END_DECLS

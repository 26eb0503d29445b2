/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gint64 ta_clock_now (void);
gint64 ta_clock_monotonic (void);

G_END_DECLS

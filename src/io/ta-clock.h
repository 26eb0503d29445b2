/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-instant.h"

G_BEGIN_DECLS

TaInstant ta_clock_now (void);
gint64 ta_clock_boot_ms (void);
char *ta_clock_get_boot_id (void);

G_END_DECLS

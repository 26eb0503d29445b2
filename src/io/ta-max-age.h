/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gint64 ta_max_age_parse (const char *cache_control);

G_END_DECLS

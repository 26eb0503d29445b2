/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gint64 ta_retry_after_parse (const char *value, gint64 now);
gint64 ta_retry_after_parse_reset (const char *value, gint64 now);

G_END_DECLS

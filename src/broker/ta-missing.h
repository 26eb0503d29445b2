/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GError *ta_missing_create_error (const char *id, GList *ids, gboolean is_damaged);
GError *ta_missing_create_locked_error (void);

G_END_DECLS

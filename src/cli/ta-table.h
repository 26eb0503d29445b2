/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ta_table_align (GPtrArray *rows);
gboolean ta_table_print (const char *const *titles, GPtrArray *rows, GError **error);

G_END_DECLS

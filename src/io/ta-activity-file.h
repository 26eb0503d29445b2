/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ta_activity_file_read (GError **error);
gboolean ta_activity_file_append (const char *lines, gsize *size, GError **error);
gboolean ta_activity_file_replace (const char *lines, GError **error);

G_END_DECLS

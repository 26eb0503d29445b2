/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ta_par_response_parse (guint status, const char *body, gsize length, gint64 *expires_in,
                             GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean ta_host_is_name (const char *text);
gboolean ta_host_is_same (const char *uri, const char *other);
gboolean ta_host_is_listed (const char *uri, const char *const *names);

G_END_DECLS

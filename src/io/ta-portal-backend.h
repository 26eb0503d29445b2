/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ta_portal_backend_choose (const char *const *folders, const char *desktops,
                                const char *interface);
char *ta_portal_backend_find (const char *interface);

G_END_DECLS

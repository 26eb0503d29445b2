/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ta_tunnel_find_command (const char *authorization_uri);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GSocketService *ta_loopback_listen (const char *host, guint16 *port, GError **error);

G_END_DECLS

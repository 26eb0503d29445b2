/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean ta_app_list_print (GDBusConnection *bus, gboolean json, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean ta_owner_check (GDBusConnection *bus, const char *name, GError **error);

G_END_DECLS

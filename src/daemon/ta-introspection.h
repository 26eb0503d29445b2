/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char *ta_introspection_new (const GDBusInterfaceInfo *interface, const char *const *children);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void ta_intake_limit (GDBusConnection *bus);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GVariant *ta_sign_in_view_new (GVariant *properties);
GDBusMessage *ta_sign_in_view_new_signal (GDBusMessage *signal);

G_END_DECLS

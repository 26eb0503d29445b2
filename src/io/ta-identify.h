/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-application.h"

#include <gio/gio.h>

G_BEGIN_DECLS

void ta_identify_async (GDBusConnection *bus, const char *unique_name, GAsyncReadyCallback callback,
                        gpointer user_data);
TaApplication *ta_identify_finish (GAsyncResult *result);

G_END_DECLS

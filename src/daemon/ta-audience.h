/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-applications.h"

G_BEGIN_DECLS

void ta_audience_find_async (GDBusConnection *bus, TaApplications *applications,
                             GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ta_audience_find_finish (GDBusConnection *bus, GAsyncResult *result);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-sign-ins.h"

G_BEGIN_DECLS

void ta_provider_check_async (GDBusConnection *bus, TaParts *parts, TaSignIns *sign_ins,
                              const char *id, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ta_provider_check_finish (GAsyncResult *result);

G_END_DECLS

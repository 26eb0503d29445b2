/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-keeper.h"
#include "broker/ta-parts.h"

G_BEGIN_DECLS

void ta_unlocking_async (TaParts *parts, TaKeeper *keeper, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_unlocking_finish (TaKeeper *keeper, GAsyncResult *result, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-claim.h"

G_BEGIN_DECLS

void ta_saving_async (TaParts *parts, TaKeeper *keeper, TaRecord *record,
                      GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_saving_finish (TaKeeper *keeper, GAsyncResult *result, GError **error);

G_END_DECLS

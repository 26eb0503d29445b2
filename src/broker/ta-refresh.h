/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"
#include "oauth/ta-record.h"

G_BEGIN_DECLS

void ta_refresh_async (TaParts *parts, TaRecord *record, gboolean may_prompt,
                       GAsyncReadyCallback callback, gpointer user_data);
TaRecord *ta_refresh_finish (TaParts *parts, GAsyncResult *result, GError **error);

G_END_DECLS

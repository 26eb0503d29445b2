/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-keeper.h"
#include "broker/ta-parts.h"
#include "io/ta-lock.h"

G_BEGIN_DECLS

/* An account's item for as long as this is held: no other broker of this user changes it. */
typedef struct
{
  TaLock *lock;     /* (owned) */
  GPtrArray *items; /* (owned) (element-type TaStoreItem): all accounts', as they stood then */
} TaClaim;

void ta_claim_async (TaParts *parts, TaKeeper *keeper, gboolean may_prompt,
                     GAsyncReadyCallback callback, gpointer user_data);
TaClaim *ta_claim_finish (TaKeeper *keeper, GAsyncResult *result, GError **error);
void ta_claim_free (TaClaim *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaClaim, ta_claim_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-keeper.h"
#include "broker/ta-parts.h"
#include "io/ta-lock.h"

G_BEGIN_DECLS

typedef enum
{
  TA_CLAIM_REFRESH,  /* gives up soon: a caller waits */
  TA_CLAIM_SAVE,     /* what is unsaved: waits longer than a refresh takes */
  TA_CLAIM_SIGN_IN,  /* the same, and an earlier sign-out is over */
  TA_CLAIM_SIGN_OUT, /* goes on without the lock rather than not at all */
} TaClaimPurpose;

/* An account's item for as long as this is held, and then until nothing of it is unsaved: no other
 * broker of this user changes it. */
typedef struct
{
  TaKeeper *keeper;  /* (owned) */
  TaLock *lock;      /* (owned) (nullable) */
  GPtrArray *items;  /* (owned) (element-type TaStoreItem): those of all accounts; to refresh
                      * one, perhaps only its own */
  gboolean was_left; /* by a sign-out that did not come to its end */
} TaClaim;

void ta_claim_async (TaParts *parts, TaKeeper *keeper, TaClaimPurpose purpose,
                     GAsyncReadyCallback callback, gpointer user_data);
TaClaim *ta_claim_finish (TaKeeper *keeper, GAsyncResult *result, GError **error);
void ta_claim_sign_out (TaClaim *self);
gboolean ta_claim_check (TaClaim *self, GError **error);
void ta_claim_free (TaClaim *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaClaim, ta_claim_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-claim.h"
#include "broker/ta-renewal.h"

G_BEGIN_DECLS

#define TA_TYPE_ACCOUNT (ta_account_get_type ())
G_DECLARE_FINAL_TYPE (TaAccount, ta_account, TA, ACCOUNT, GObject)

TaAccount *ta_account_new (TaParts *parts, const char *item_id, TaRecord *record);
TaRenewal *ta_account_get_renewal (TaAccount *self);
TaRecord *ta_account_get_record (TaAccount *self);
const char *ta_account_get_id (TaAccount *self);
const char *ta_account_get_state (TaAccount *self);
gboolean ta_account_is_detached (TaAccount *self);
gboolean ta_account_is_settled (TaAccount *self);
void ta_account_close (TaAccount *self);
void ta_account_set_storage_locked (TaAccount *self, gboolean locked);
void ta_account_review (TaAccount *self, GPtrArray *items, gboolean is_partial);
void ta_account_offer (TaAccount *self, const char *item_id, TaRecord *stored);

void ta_account_adopt_async (TaAccount *self, TaRecord *record, GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean ta_account_adopt_finish (TaAccount *self, GAsyncResult *result, GError **error);

void ta_account_retire_async (TaAccount *self, GAsyncReadyCallback callback, gpointer user_data);
TaClaim *ta_account_retire_finish (TaAccount *self, GAsyncResult *result, GError **error);
void ta_account_reinstate (TaAccount *self);
gboolean ta_account_is_retired (TaAccount *self);

G_END_DECLS

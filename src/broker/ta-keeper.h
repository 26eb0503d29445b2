/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-lock.h"
#include "io/ta-store.h"
#include "oauth/ta-record.h"

G_BEGIN_DECLS

#define TA_TYPE_KEEPER (ta_keeper_get_type ())
G_DECLARE_FINAL_TYPE (TaKeeper, ta_keeper, TA, KEEPER, GObject)

TaKeeper *ta_keeper_new (TaStore *store, const char *item_id, TaRecord *record);
TaRecord *ta_keeper_get_record (TaKeeper *self);
TaRecord *ta_keeper_get_latest (TaKeeper *self);
gboolean ta_keeper_is_writing (TaKeeper *self);
gboolean ta_keeper_is_unsaved (TaKeeper *self);

void ta_keeper_keep_async (TaKeeper *self, TaRecord *record, gboolean may_prompt,
                           GAsyncReadyCallback callback, gpointer user_data);
void ta_keeper_mark_async (TaKeeper *self, TaRecord *record, GAsyncReadyCallback callback,
                           gpointer user_data);
gboolean ta_keeper_keep_finish (TaKeeper *self, GAsyncResult *result, GError **error);
void ta_keeper_set (TaKeeper *self, TaRecord *record);
void ta_keeper_offer (TaKeeper *self, const char *item_id, TaRecord *stored);
gboolean ta_keeper_review (TaKeeper *self, GPtrArray *items, gboolean *is_missing);
void ta_keeper_postpone (TaKeeper *self);
void ta_keeper_hurry (TaKeeper *self);
gboolean ta_keeper_has_others (TaKeeper *self);
void ta_keeper_hold (TaKeeper *self, TaRecord *record);
const char *ta_keeper_get_item_id (TaKeeper *self);
TaLock **ta_keeper_get_spare_lock (TaKeeper *self);

G_END_DECLS

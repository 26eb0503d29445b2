/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-load.h"
#include "io/ta-store-health.h"
#include "io/ta-store-item.h"

G_BEGIN_DECLS

typedef enum
{
  TA_STORE_ACCOUNT, /* schema org.tidio.Auth.Account */
  TA_STORE_CLIENT,  /* schema org.tidio.Auth.Client */
} TaStoreKind;

#define TA_TYPE_STORE (ta_store_get_type ())
G_DECLARE_FINAL_TYPE (TaStore, ta_store, TA, STORE, GObject)

TaStore *ta_store_new (void);
const TaStoreHealth *ta_store_get_health (TaStore *self);

void ta_store_load_async (TaStore *self, TaStoreKind kind, TaLoadPrompt prompt,
                          GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data);
void ta_store_look_async (TaStore *self, TaStoreKind kind, const char *id,
                          GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data);
GPtrArray *ta_store_load_finish (TaStore *self, GAsyncResult *result, gboolean *is_partial,
                                 GError **error);

void ta_store_save_async (TaStore *self, TaStoreKind kind, const char *id, TaSecret *secret,
                          gboolean may_prompt, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_store_save_finish (TaStore *self, GAsyncResult *result, GError **error);

void ta_store_delete_async (TaStore *self, TaStoreKind kind, const char *id, gboolean may_prompt,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
gboolean ta_store_delete_finish (TaStore *self, GAsyncResult *result, GError **error);

G_END_DECLS

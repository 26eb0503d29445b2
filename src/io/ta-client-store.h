/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-store.h"
#include "oauth/ta-client.h"

G_BEGIN_DECLS

void ta_client_store_load_async (TaStore *store, const char *provider, gboolean may_prompt,
                                 GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
TaClient *ta_client_store_load_finish (TaStore *store, GAsyncResult *result, gboolean *is_partial,
                                       GError **error);

void ta_client_store_save_async (TaStore *store, TaClient *client, gboolean may_prompt,
                                 GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean ta_client_store_save_finish (TaStore *store, GAsyncResult *result, GError **error);

void ta_client_store_clear_async (TaStore *store, const char *provider, gboolean may_prompt,
                                  GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean ta_client_store_clear_finish (TaStore *store, GAsyncResult *result, GError **error);
GError *ta_client_store_create_locked_error (void);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-account.h"

G_BEGIN_DECLS

#define TA_TYPE_ACCOUNTS (ta_accounts_get_type ())
G_DECLARE_FINAL_TYPE (TaAccounts, ta_accounts, TA, ACCOUNTS, GObject)

TaAccounts *ta_accounts_new (TaParts *parts);
TaParts *ta_accounts_get_parts (TaAccounts *self);

void ta_accounts_load_async (TaAccounts *self, const char *id, gboolean may_prompt,
                             GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean ta_accounts_load_finish (TaAccounts *self, GAsyncResult *result, GError **error);

TaAccount *ta_accounts_find (TaAccounts *self, const char *id, GError **error);
gboolean ta_accounts_were_read (TaAccounts *self);
GList *ta_accounts_list (TaAccounts *self);
TaAccount *ta_accounts_peek (TaAccounts *self, const char *id);
void ta_accounts_add (TaAccounts *self, TaAccount *account);
void ta_accounts_remove (TaAccounts *self, TaAccount *account);

const char *ta_accounts_get_default (TaAccounts *self);
gboolean ta_accounts_set_default (TaAccounts *self, const char *id, GError **error);

G_END_DECLS

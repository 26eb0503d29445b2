/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-accounts.h"
#include "broker/ta-sign-in.h"
#include "oauth/ta-identity.h"

G_BEGIN_DECLS

gboolean ta_grant_check_provider (const char *own, const char *provider, GError **error);
void ta_grant_keep (TaAccounts *accounts, TaSignIn *sign_in, TaToken *token, TaIdentity *identity);
void ta_grant_give_back (TaAccounts *accounts, TaSignIn *sign_in, TaToken *token,
                         const TaIdentity *identity);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-accounts.h"
#include "broker/ta-sign-in.h"

G_BEGIN_DECLS

/* What a new account belongs to, unless it is said. */
#define TA_SIGN_INS_DEFAULT_PROVIDER "tidio"

#define TA_TYPE_SIGN_INS (ta_sign_ins_get_type ())
G_DECLARE_FINAL_TYPE (TaSignIns, ta_sign_ins, TA, SIGN_INS, GObject)

TaSignIns *ta_sign_ins_new (TaAccounts *accounts);
gboolean ta_sign_ins_has_ended (TaSignIns *self);
guint ta_sign_ins_get_size (TaSignIns *self);
TaSignIn *ta_sign_ins_find (TaSignIns *self, const char *account);
TaSignIn *ta_sign_ins_start (TaSignIns *self, const char *account, const char *provider,
                             const char *const *scopes, TaSignInWay way, GError **error);
TaSignIn *ta_sign_ins_start_for_caller (TaSignIns *self, const char *account, GError **error);
void ta_sign_ins_leave (TaSignIns *self, TaSignIn *sign_in, gboolean is_wanted);
void ta_sign_ins_cancel (TaSignIns *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-sign-ins.h"

G_BEGIN_DECLS

void ta_ending_begin (TaAccounts *accounts, TaSignIns *sign_ins);
gboolean ta_ending_is_done (TaAccounts *accounts, TaSignIns *sign_ins);

G_END_DECLS

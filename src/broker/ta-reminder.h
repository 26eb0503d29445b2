/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-sign-ins.h"

G_BEGIN_DECLS

#define TA_TYPE_REMINDER (ta_reminder_get_type ())
G_DECLARE_FINAL_TYPE (TaReminder, ta_reminder, TA, REMINDER, GObject)

TaReminder *ta_reminder_new (TaAccounts *accounts, TaSignIns *sign_ins);
gboolean ta_reminder_is_shown (TaReminder *self);
void ta_reminder_need (TaReminder *self, TaAccount *account);

G_END_DECLS

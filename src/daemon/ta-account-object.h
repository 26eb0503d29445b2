/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-account.h"
#include "ta-dbus.h"

G_BEGIN_DECLS

#define TA_TYPE_ACCOUNT_OBJECT (ta_account_object_get_type ())
G_DECLARE_FINAL_TYPE (TaAccountObject, ta_account_object, TA, ACCOUNT_OBJECT,
                      TaDBusAuthAccountSkeleton)

TaAccountObject *ta_account_object_new (TaAccount *account);
char *ta_account_object_path (const char *id);

G_END_DECLS

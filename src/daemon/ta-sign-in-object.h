/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-sign-in.h"
#include "daemon/ta-admission.h"
#include "ta-dbus.h"

G_BEGIN_DECLS

#define TA_TYPE_SIGN_IN_OBJECT (ta_sign_in_object_get_type ())
G_DECLARE_FINAL_TYPE (TaSignInObject, ta_sign_in_object, TA, SIGN_IN_OBJECT,
                      TaDBusAuthSignInSkeleton)

TaSignInObject *ta_sign_in_object_new (TaAdmission *admission, TaSignIn *sign_in);
void ta_sign_in_object_set_starter (TaSignInObject *self, const char *starter);
const char *ta_sign_in_object_get_starter (TaSignInObject *self);
void ta_sign_in_object_take (TaSignInObject *self, GDBusConnection *bus, const char *owner);
void ta_sign_in_object_answer_when_ready (TaSignInObject *self, TaCaller *caller);

G_END_DECLS

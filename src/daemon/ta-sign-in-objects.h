/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-sign-ins.h"
#include "daemon/ta-sign-in-object.h"

G_BEGIN_DECLS

#define TA_TYPE_SIGN_IN_OBJECTS (ta_sign_in_objects_get_type ())
G_DECLARE_FINAL_TYPE (TaSignInObjects, ta_sign_in_objects, TA, SIGN_IN_OBJECTS, GObject)

TaSignInObjects *ta_sign_in_objects_new (TaAdmission *admission, TaSignIns *sign_ins,
                                         GDBusObjectManagerServer *manager);
TaSignIns *ta_sign_in_objects_get_sign_ins (TaSignInObjects *self);
TaSignInObject *ta_sign_in_objects_find (TaSignInObjects *self, TaSignIn *sign_in);
const char *ta_sign_in_objects_get_starter (TaSignInObjects *self, const char *path);
GPtrArray *ta_sign_in_objects_list_of (TaSignInObjects *self, const char *starter);
guint ta_sign_in_objects_get_count (TaSignInObjects *self);

G_END_DECLS

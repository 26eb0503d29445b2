/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-dbus.h"

G_BEGIN_DECLS

gboolean ta_sign_in_page_has_code (TaDBusAuthSignIn *sign_in);
gboolean ta_sign_in_page_is_known (TaDBusAuthSignIn *sign_in);
gboolean ta_sign_in_page_print (TaDBusAuthSignIn *sign_in, gboolean is_elsewhere, GError **error);

G_END_DECLS

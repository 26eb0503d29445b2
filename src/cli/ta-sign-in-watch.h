/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-bus.h"

G_BEGIN_DECLS

char *ta_sign_in_watch (TaDBusAuth *auth, const char *account, GVariant *options,
                        gboolean may_paste, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-bus.h"

G_BEGIN_DECLS

/* An account is the a{sv} of its properties, as the broker sent them. */

GPtrArray *ta_account_list_load (TaDBusAuth *auth, GError **error);
const char *ta_account_list_get_string (GVariant *account, const char *property);
gboolean ta_account_list_is_default (GVariant *account, GPtrArray *accounts,
                                     const char *default_account);
gboolean ta_account_list_check_storage (TaDBusAuth *auth, GError **error);

G_END_DECLS

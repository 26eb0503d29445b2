/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-activity.h"

G_BEGIN_DECLS

gboolean ta_event_print_broker (gboolean json, gboolean is_running, GError **error);
gboolean ta_event_print_account (gboolean json, const char *account, const char *change,
                                 const char *state, GError **error);
gboolean ta_event_print_sign_in (gboolean json, const char *account, const char *state,
                                 const char *failure, GError **error);
gboolean ta_event_print_activity (gboolean json, const TaActivity *activity, GError **error);

G_END_DECLS

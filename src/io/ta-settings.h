/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ta_settings_load_default_account (void);
gboolean ta_settings_save_default_account (const char *account, GError **error);

gint64 ta_settings_load_quiet (const char *account, gint64 generation, gint64 longest);
void ta_settings_save_quiet (const char *account, gint64 generation, gint64 until);

G_END_DECLS

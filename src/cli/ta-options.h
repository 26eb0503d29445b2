/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

GOptionContext *ta_options_new (const char *arguments, const char *summary,
                                const GOptionEntry *entries);
gboolean ta_options_parse (const char *summary, const GOptionEntry *entries, int argc, char **argv,
                           GError **error);
void ta_options_set_action_error (GError **error, const char *action, const char *const *actions);
gboolean ta_options_get_seconds (const char *option, const char *text, guint min, guint max,
                                 guint *seconds, GError **error);
gboolean ta_options_check_none (char **arguments, GError **error);
const char *ta_options_get_account (char **arguments, GError **error);

G_END_DECLS

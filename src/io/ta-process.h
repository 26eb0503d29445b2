/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean ta_process_clean_environment (void);
void ta_process_harden (char **argv);
void ta_process_forget_variable (const char *name);

G_END_DECLS

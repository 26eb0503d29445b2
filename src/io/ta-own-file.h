/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

int ta_own_file_open_folder (const char *parent);
int ta_own_file_open (int folder, const char *name, int flags);

G_END_DECLS

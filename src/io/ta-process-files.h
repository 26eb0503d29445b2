/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

int ta_process_files_open (guint32 pid);
gboolean ta_process_files_read_flatpak_info (int files, char **text, gsize *length);
char *ta_process_files_read_cgroups (int files);
char *ta_process_files_read_program (int files);

G_END_DECLS

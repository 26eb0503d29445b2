/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

const char *ta_trusted_file_check (int fd);
const char *ta_trusted_file_read (const char *path, char **data, gsize *length);

G_END_DECLS

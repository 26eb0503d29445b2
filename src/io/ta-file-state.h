/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/stat.h>

G_BEGIN_DECLS

/* What a file was like when it was read; zero: none was. */
typedef struct
{
  gboolean is_known;
  char *path; /* (owned) (nullable): NULL: there was no file */
  struct stat stat;
} TaFileState;

void ta_file_state_note (TaFileState *self, const char *path);
gboolean ta_file_state_is_current (const TaFileState *self, const char *path);
void ta_file_state_clear (TaFileState *self);

G_END_DECLS

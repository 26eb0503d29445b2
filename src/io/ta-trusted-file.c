/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-trusted-file.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files that say where secrets go. Whoever can write to one can have them, so it is the user's or
 * root's alone. A group that is named like its user is that user's own, and has no other member. */

#define FILE_MAX (64 * 1024)

/* Reads a whole file. Returns what is wrong with it as the rest of a sentence, or NULL. */
const char *
ta_trusted_file_read (const char *path, char **data, gsize *length)
{
  GStatBuf info;
  gboolean group_writes;

  if (g_stat (path, &info) != 0 || !S_ISREG (info.st_mode) || info.st_size > FILE_MAX)
    return "it is not a readable file of at most 64 KiB";
  if (info.st_uid != geteuid () && info.st_uid != 0)
    return "it belongs to another user: make a copy that is your own";
  group_writes = (info.st_mode & S_IWGRP) != 0 && info.st_gid != info.st_uid;
  if (group_writes || (info.st_mode & S_IWOTH) != 0)
    return "other users can change it: run chmod go-w on it";
  if (!g_file_get_contents (path, data, length, NULL))
    return "it is not a readable file of at most 64 KiB";
  return NULL;
}

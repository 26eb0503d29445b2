/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-trusted-file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files that say where secrets go. Whoever can write to one can have them, so it is the user's or
 * root's alone. A group that is named like its user is that user's own, and has no other member. */

#define FILE_MAX (64 * 1024)
#define NOT_READABLE "it is not a readable file of at most 64 KiB"

/* Returns what is wrong with an open file as the rest of a sentence, or NULL. */
const char *
ta_trusted_file_check (int fd)
{
  struct stat info;
  gboolean group_writes;

  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode))
    return NOT_READABLE;
  if (info.st_uid != geteuid () && info.st_uid != 0)
    return "it belongs to another user: make a copy that is your own";
  group_writes = (info.st_mode & S_IWGRP) != 0 && info.st_gid != info.st_uid;
  if (group_writes || (info.st_mode & S_IWOTH) != 0)
    return "other users can change it: run chmod go-w on it";
  return NULL;
}

/* Whether all of it could be read. */
static gboolean
read_all (int fd, GString *text)
{
  char buffer[4096];
  ssize_t n;

  while ((n = read (fd, buffer, sizeof buffer)) > 0 && text->len <= FILE_MAX)
    g_string_append_len (text, buffer, n);
  return n == 0 && text->len <= FILE_MAX;
}

/* Reads a whole file. Returns what is wrong with it as the rest of a sentence, or NULL. */
const char *
ta_trusted_file_read (const char *path, char **data, gsize *length)
{
  g_autoptr (GString) text = g_string_new (NULL);
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  const char *problem;

  if (fd < 0)
    return NOT_READABLE;
  problem = ta_trusted_file_check (fd);
  if (problem == NULL && !read_all (fd, text))
    problem = NOT_READABLE;
  close (fd);
  if (problem != NULL)
    return problem;
  *length = text->len;
  *data = g_string_free (g_steal_pointer (&text), FALSE);
  return NULL;
}

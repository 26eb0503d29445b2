/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-activity-file.h"

#include "base/ta-error.h"
#include "io/ta-own-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file that the ledger outlives the broker in: "activity" in the user's state folder. Brokers
 * of several sessions add to the same one. It is not forced to the disk: what a power cut takes
 * away is at its end. */

#define NAME "activity"
#define NEW_NAME "activity.new"

/* More than a broker lets it grow to. */
#define READ_MAX (2 * 1024 * 1024)

static void
set_error (GError **error, int reason)
{
  if (reason == EACCES || reason == ELOOP || reason == ENOTDIR)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_FAILED,
                         "The activity is not kept across restarts: its file, or the folder "
                         "tidio-auth of the state folder, is not yours alone; remove it");
  else
    g_set_error (error, TA_ERROR, TA_ERROR_FAILED,
                 "The activity is not kept across restarts, because its file in the state folder "
                 "cannot be used: %s",
                 g_strerror (reason));
}

/* -1 with an error in errno. */
static int
open_file (const char *name, int flags)
{
  int folder = ta_own_file_open_folder (g_get_user_state_dir ());
  int fd = folder < 0 ? -1 : ta_own_file_open (folder, name, flags);
  int reason = errno;

  if (folder >= 0)
    close (folder);
  errno = reason;
  return fd;
}

/* All or nothing, as far as the disk lets us. */
static gboolean
write_all (int fd, const char *lines, off_t start)
{
  gsize length = strlen (lines);
  gssize written = write (fd, lines, length);

  if (written == (gssize) length)
    return TRUE;
  if (written >= 0)
    errno = ENOSPC;
  if (written > 0 && ftruncate (fd, start) != 0)
    g_debug ("Half a line stays in the activity file");
  return FALSE;
}

/* (nullable): the end of the file as a text. NULL with an error in errno. */
static char *
read_end (int fd)
{
  struct stat info;
  g_autofree char *text = NULL;
  gssize length;

  if (fstat (fd, &info) != 0)
    return NULL;
  text = g_malloc ((gsize) MIN (info.st_size, READ_MAX) + 1);
  length = pread (fd, text, (gsize) MIN (info.st_size, READ_MAX), MAX (info.st_size - READ_MAX, 0));
  if (length < 0)
    return NULL;
  for (gssize i = 0; i < length; i++)
    if (text[i] == '\0')
      text[i] = '?';
  text[length] = '\0';
  return g_steal_pointer (&text);
}

/* The last of its lines; empty if there is no file.
 * Errors: TA_ERROR_FAILED. */
char *
ta_activity_file_read (GError **error)
{
  int fd = open_file (NAME, O_RDONLY);
  char *text;

  if (fd < 0 && errno == ENOENT)
    return g_strdup ("");
  text = fd < 0 ? NULL : read_end (fd);
  if (text == NULL)
    set_error (error, errno);
  if (fd >= 0)
    close (fd);
  return text;
}

/* `size`: of the file then.
 * Errors: TA_ERROR_FAILED. */
gboolean
ta_activity_file_append (const char *lines, gsize *size, GError **error)
{
  int fd = open_file (NAME, O_WRONLY | O_APPEND | O_CREAT);
  off_t start = fd < 0 ? -1 : lseek (fd, 0, SEEK_END);
  gboolean is_written = start >= 0 && write_all (fd, lines, start);

  if (is_written)
    *size = (gsize) start + strlen (lines);
  else
    set_error (error, errno);
  if (fd >= 0)
    close (fd);
  return is_written;
}

/* Puts another file in its place, in one step. What another broker adds at that very moment is
 * lost. Errors: TA_ERROR_FAILED. */
gboolean
ta_activity_file_replace (const char *lines, GError **error)
{
  int folder = ta_own_file_open_folder (g_get_user_state_dir ());
  int fd = -1;
  gboolean is_done;

  if (folder >= 0 && (unlinkat (folder, NEW_NAME, 0) == 0 || errno == ENOENT))
    fd = ta_own_file_open (folder, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL);
  is_done = fd >= 0 && write_all (fd, lines, 0) && renameat (folder, NEW_NAME, folder, NAME) == 0;
  if (!is_done)
    set_error (error, errno);
  if (fd >= 0)
    close (fd);
  if (folder >= 0)
    close (folder);
  return is_done;
}

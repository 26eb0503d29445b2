/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-process-files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What /proc shows of another process. The descriptor of its folder stays that process's: once it
 * has ended nothing can be read there any more, whoever has its number then.
 *
 * What stands below its root was put there by whoever made that root. So nothing is waited for,
 * nothing is followed, and there is an end to what is read. */

#define TEXT_MAX (64 * 1024)
#define INFO ".flatpak-info"

/* A descriptor of the process's folder, or -1. */
int
ta_process_files_open (guint32 pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u", pid);

  return open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* NULL: it could not be read, or it is too long. */
static char *
read_all (int fd, gsize *length)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[4096];
  ssize_t n;

  while ((n = read (fd, buffer, sizeof buffer)) > 0 && text->len <= TEXT_MAX)
    g_string_append_len (text, buffer, n);
  if (n != 0 || text->len > TEXT_MAX)
    return NULL;
  *length = text->len;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Takes the descriptor. */
static char *
read_regular (int fd, gsize *length)
{
  struct stat info;
  char *text = NULL;

  if (fstat (fd, &info) == 0 && S_ISREG (info.st_mode))
    text = read_all (fd, length);
  close (fd);
  return text;
}

/* FALSE: whether there is such a file cannot be told, or what stands in it. `text` is NULL if there
 * is none. */
gboolean
ta_process_files_read_flatpak_info (int files, char **text, gsize *length)
{
  int root = openat (files, "root", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
  int fd;
  gboolean is_absent;

  *text = NULL;
  if (root < 0)
    return FALSE;
  fd = openat (root, INFO, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  is_absent = fd < 0 && errno == ENOENT;
  close (root);
  if (fd < 0)
    return is_absent;
  *text = read_regular (fd, length);
  return *text != NULL;
}

/* (nullable) */
char *
ta_process_files_read_cgroups (int files)
{
  int fd = openat (files, "cgroup", O_RDONLY | O_CLOEXEC);
  char *text;
  gsize length;

  if (fd < 0)
    return NULL;
  text = read_all (fd, &length);
  close (fd);
  return text;
}

/* The name of the file that it runs, without folders, or NULL. */
char *
ta_process_files_read_program (int files)
{
  char path[PATH_MAX];
  ssize_t length = readlinkat (files, "exe", path, sizeof path - 1);

  if (length < 0)
    return NULL;
  path[length] = '\0';
  if (g_str_has_suffix (path, " (deleted)"))
    path[length - (ssize_t) strlen (" (deleted)")] = '\0';
  return g_path_get_basename (path);
}

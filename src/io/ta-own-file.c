/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-own-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files that are the broker's alone, in folders that are the user's alone. What somebody else put
 * in their place, a link included, is never opened. */

static gboolean
is_ours (int fd, mode_t type)
{
  struct stat info;

  return fstat (fd, &info) == 0 && (info.st_mode & S_IFMT) == type && info.st_uid == geteuid ()
         && (type == S_IFDIR || info.st_nlink == 1);
}

/* -1 with EACCES in errno if it is not ours. Takes the descriptor. */
static int
claim (int fd, mode_t type, mode_t mode)
{
  if (fd < 0 || (is_ours (fd, type) && fchmod (fd, mode) == 0))
    return fd;
  close (fd);
  errno = EACCES;
  return -1;
}

/* The folder tidio-auth in `parent`, made if need be. -1 with an error in errno. */
int
ta_own_file_open_folder (const char *parent)
{
  g_autofree char *path = g_build_filename (parent, "tidio-auth", NULL);

  g_mkdir_with_parents (path, 0700);
  return claim (open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), S_IFDIR, 0700);
}

/* `flags`: as of open(2). -1 with an error in errno: EACCES also if it is no plain file of ours. */
int
ta_own_file_open (int folder, const char *name, int flags)
{
  return claim (openat (folder, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600),
                S_IFREG, 0600);
}

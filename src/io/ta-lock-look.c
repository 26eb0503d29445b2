/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-lock-look.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The files of ta-lock.c seen from outside: none is made, changed or locked. A lock that a process
 * left behind does not exist, because the kernel takes it back; but something else than a file of
 * the user's may lie in the place of one, which is never passed over. */

static gboolean
is_held (int folder, const char *name)
{
  struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  int fd = openat (folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  gboolean held = fd >= 0 && fcntl (fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;

  if (fd >= 0)
    close (fd);
  return held;
}

static void
look_at (int folder, const char *name, TaLockLook *look)
{
  struct stat info;

  if (fstatat (folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
    return;
  if (!S_ISREG (info.st_mode) || info.st_uid != geteuid () || info.st_nlink != 1)
    look->n_foreign++;
  else if (is_held (folder, name))
    look->n_held++;
}

TaLockLook
ta_lock_look (void)
{
  TaLockLook look = { 0 };
  const char *parent = g_get_user_runtime_dir ();
  g_autofree char *path = g_build_filename (parent, "tidio-auth", NULL);
  struct stat info;
  DIR *folder;
  struct dirent *entry;

  look.has_place = access (parent, W_OK | X_OK) == 0;
  if (lstat (path, &info) != 0)
    {
      look.is_ours = TRUE;
      return look;
    }
  look.is_ours = S_ISDIR (info.st_mode) && info.st_uid == geteuid ();
  folder = look.is_ours ? opendir (path) : NULL;
  if (folder == NULL)
    return look;
  while ((entry = readdir (folder)) != NULL)
    if (g_str_has_suffix (entry->d_name, ".lock"))
      look_at (dirfd (folder), entry->d_name, &look);
  closedir (folder);
  return look;
}

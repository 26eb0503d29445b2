/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-lock.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* An open file description lock (F_OFD_SETLK) on a file of the user's runtime folder. The kernel
 * releases it when the process ends, however it ends; the file stays, because removing it would
 * let two processes lock two files of one name. A file that is not ours is never used. Where there
 * is no place for lock files at all, the lock is had without one: refreshing alone is better than
 * not at all. */

#define TIMEOUT_MS 15000
#define RETRY_MS 50

struct _TaLock
{
  int fd; /* (owned): -1 where there is no place for a file */
};

static GError *
refuse (const char *name)
{
  return g_error_new (TA_ERROR, TA_ERROR_FAILED,
                      "The lock file %s.lock in tidio-auth of the runtime folder is not a plain "
                      "file of yours: remove it",
                      name);
}

static gboolean
is_ours (int fd, mode_t type)
{
  struct stat info;

  return fstat (fd, &info) == 0 && (info.st_mode & S_IFMT) == type && info.st_uid == geteuid ()
         && (type == S_IFDIR || info.st_nlink == 1);
}

/* -1 with errno: there is no such folder and none can be made. */
static int
open_folder (void)
{
  g_autofree char *path = g_build_filename (g_get_user_runtime_dir (), "tidio-auth", NULL);

  g_mkdir_with_parents (path, 0700);
  return open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* -1 with no error: there is no place for it. */
static int
open_file (const char *name, GError **error)
{
  g_autofree char *file = g_strconcat (name, ".lock", NULL);
  int folder = open_folder ();
  int reason = errno;
  int fd = -1;

  if (folder >= 0 && is_ours (folder, S_IFDIR))
    {
      fd = openat (folder, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
      reason = errno;
      if (fd >= 0 && (!is_ours (fd, S_IFREG) || fchmod (fd, 0600) != 0))
        {
          close (fd);
          fd = -1;
          reason = ELOOP;
        }
    }
  else if (folder >= 0)
    reason = ELOOP;
  if (folder >= 0)
    close (folder);
  if (fd < 0 && (reason == ELOOP || reason == ENOTDIR || reason == EISDIR || reason == ENXIO))
    g_propagate_error (error, refuse (name));
  return fd;
}

typedef struct
{
  TaLock *lock; /* (owned) (nullable): NULL once handed out */
  gint64 deadline;
} Take;

static void
take_free (Take *take)
{
  g_clear_pointer (&take->lock, ta_lock_free);
  g_free (take);
}

/* FALSE: somebody else has it. */
static gboolean
try_lock (TaLock *self)
{
  struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

  if (self->fd < 0 || fcntl (self->fd, F_OFD_SETLK, &whole) == 0)
    return TRUE;
  return errno != EAGAIN && errno != EACCES;
}

/* Takes the task when it is done. */
static gboolean
try_to_take (gpointer user_data)
{
  GTask *task = user_data;
  Take *take = g_task_get_task_data (task);

  if (try_lock (take->lock))
    g_task_return_pointer (task, g_steal_pointer (&take->lock), (GDestroyNotify) ta_lock_free);
  else if (ta_clock_boot_ms () < take->deadline)
    return G_SOURCE_CONTINUE;
  else
    g_task_return_new_error (task, TA_ERROR, TA_ERROR_BUSY,
                             "Another session has been refreshing this account for long: try again "
                             "in a moment");
  g_object_unref (task);
  return G_SOURCE_REMOVE;
}

/* Waits 15 seconds at most. `name` is fit for a file name.
 * Errors: TA_ERROR_BUSY; TA_ERROR_FAILED: somebody put something else in the file's place. */
void
ta_lock_take_async (const char *name, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_autoptr (GError) error = NULL;
  Take *take = g_new0 (Take, 1);

  g_task_set_source_tag (task, ta_lock_take_async);
  g_task_set_task_data (task, take, (GDestroyNotify) take_free);
  take->lock = g_new0 (TaLock, 1);
  take->lock->fd = open_file (name, &error);
  take->deadline = ta_clock_boot_ms () + TIMEOUT_MS;
  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (try_to_take (g_object_ref (task)) == G_SOURCE_CONTINUE)
    g_timeout_add (RETRY_MS, try_to_take, task);
}

/* (transfer full) */
TaLock *
ta_lock_take_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
ta_lock_free (TaLock *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

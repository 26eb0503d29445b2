/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-lock.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"
#include "io/ta-own-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An open file description lock (F_OFD_SETLK) on a file of the user's runtime folder. The kernel
 * releases it when the process ends, however it ends; the file stays, because removing it would
 * let two processes lock two files of one name. If somebody else removed it while we waited, the
 * one that has its name now counts. A file that is not ours, or that we may not open, is never
 * passed over. Where there is no place for lock files at all, which is so for all
 * processes of the user, the lock is had without one: refreshing alone is better than not at all.
 * The file may hold notes, a line each, for who has the lock next. */

#define RETRY_MS 50
#define NOTE_MAX 4096

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

/* Whether there is no place for a lock file, for anybody. */
static gboolean
is_placeless (int reason)
{
  return reason == ENOENT || reason == EROFS || reason == ENOSPC || reason == EDQUOT;
}

/* -1 with no error: there is no place for it. */
static int
open_lock (const char *name, GError **error)
{
  g_autofree char *file = g_strconcat (name, ".lock", NULL);
  int folder = ta_own_file_open_folder (g_get_user_runtime_dir ());
  int fd = folder < 0 ? -1 : ta_own_file_open (folder, file, O_RDWR | O_CREAT);
  int reason = errno;

  if (folder >= 0)
    close (folder);
  if (fd >= 0 || is_placeless (reason))
    return fd;
  if (reason == EMFILE || reason == ENFILE)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_BUSY,
                         "Too many files are open for a lock file: try again in a moment");
  else
    g_propagate_error (error, refuse (name));
  return -1;
}

/* Whether the file of the lock is still the one that has the name. If it was removed, another
 * process may have the lock of that name, too. */
gboolean
ta_lock_is_in_place (const TaLock *self, const char *name)
{
  g_autofree char *file = g_strconcat (name, ".lock", NULL);
  g_autofree char *path = g_build_filename (g_get_user_runtime_dir (), "tidio-auth", file, NULL);
  struct stat ours;
  struct stat named;

  return fstat (self->fd, &ours) == 0 && lstat (path, &named) == 0 && ours.st_dev == named.st_dev
         && ours.st_ino == named.st_ino;
}

typedef struct
{
  char *name;   /* (owned) */
  TaLock *lock; /* (owned) (nullable): NULL once handed out */
  gint64 deadline;
} Take;

static void
take_free (Take *take)
{
  g_clear_pointer (&take->lock, ta_lock_free);
  g_free (take->name);
  g_free (take);
}

/* FALSE with no error: somebody else has it, or had it removed. */
static gboolean
try_lock (Take *take, GError **error)
{
  struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  TaLock *lock = take->lock;

  if (lock->fd < 0)
    return TRUE;
  if (fcntl (lock->fd, F_OFD_SETLK, &whole) != 0)
    return errno != EAGAIN && errno != EACCES;
  if (ta_lock_is_in_place (lock, take->name))
    return TRUE;
  close (lock->fd);
  lock->fd = open_lock (take->name, error);
  return FALSE;
}

/* Takes the task when it is done. */
static gboolean
try_to_take (gpointer user_data)
{
  GTask *task = user_data;
  Take *take = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (g_task_return_error_if_cancelled (task))
    ;
  else if (try_lock (take, &error))
    g_task_return_pointer (task, g_steal_pointer (&take->lock), (GDestroyNotify) ta_lock_free);
  else if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (ta_clock_boot_ms () < take->deadline)
    return G_SOURCE_CONTINUE;
  else
    g_task_return_new_error (task, TA_ERROR, TA_ERROR_BUSY,
                             "Another session is refreshing this account, or cannot store it: see "
                             "to the keyring there, or try again in a moment");
  g_object_unref (task);
  return G_SOURCE_REMOVE;
}

/* Waits `seconds` at most. `name` is fit for a file name.
 * Errors: TA_ERROR_BUSY; TA_ERROR_FAILED: somebody put something else in the file's place;
 * G_IO_ERROR_CANCELLED. */
void
ta_lock_take_async (const char *name, guint seconds, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  Take *take = g_new0 (Take, 1);

  g_task_set_source_tag (task, ta_lock_take_async);
  g_task_set_task_data (task, take, (GDestroyNotify) take_free);
  take->name = g_strdup (name);
  take->lock = g_new0 (TaLock, 1);
  take->lock->fd = open_lock (name, &error);
  take->deadline = ta_clock_boot_ms () + seconds * G_GINT64_CONSTANT (1000);
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

/* (transfer full) */
static char **
read_lines (int fd)
{
  char note[NOTE_MAX + 1] = "";
  gssize length = fd < 0 ? 0 : pread (fd, note, NOTE_MAX, 0);

  note[MAX (length, 0)] = '\0';
  return g_strsplit (note, "\n", -1);
}

/* Best effort, whoever has the lock. The oldest lines give way to the newest. */
static void
rewrite (const char *name, const char *line, gboolean is_there)
{
  int fd = open_lock (name, NULL);
  g_auto (GStrv) lines = read_lines (fd);
  g_autoptr (GString) note = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0' && !g_str_equal (lines[i], line))
      g_string_append_printf (note, "%s\n", lines[i]);
  if (is_there)
    g_string_append_printf (note, "%s\n", line);
  while (note->len > NOTE_MAX)
    g_string_erase (note, 0, strchr (note->str, '\n') + 1 - note->str);
  if (fd < 0 || ftruncate (fd, 0) != 0
      || pwrite (fd, note->str, note->len, 0) != (gssize) note->len)
    g_debug ("The note in the lock file was not changed");
  if (fd >= 0)
    close (fd);
}

/* Adds a line, no secret, to the note of the lock of that name. Best effort. */
void
ta_lock_note (const char *name, const char *line)
{
  rewrite (name, line, TRUE);
}

void
ta_lock_strike (const char *name, const char *line)
{
  rewrite (name, line, FALSE);
}

gboolean
ta_lock_has_note (TaLock *self, const char *line)
{
  g_auto (GStrv) lines = read_lines (self->fd);

  return g_strv_contains ((const char *const *) lines, line);
}

void
ta_lock_free (TaLock *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-file-state.h"

#include "io/ta-clock.h"

/* Whether a file has to be read again. One that was changed just now has to: the next change may
 * come within the same tick of its clock. So has one that was put in its place just now, which may
 * bring an old time of its own; no program sets the other one. */

#define TICK 2 /* seconds */

static gboolean
is_same (const struct stat *one, const struct stat *other)
{
  return one->st_dev == other->st_dev && one->st_ino == other->st_ino
         && one->st_size == other->st_size && one->st_mtim.tv_sec == other->st_mtim.tv_sec
         && one->st_mtim.tv_nsec == other->st_mtim.tv_nsec
         && one->st_ctim.tv_sec == other->st_ctim.tv_sec
         && one->st_ctim.tv_nsec == other->st_ctim.tv_nsec;
}

static gboolean
is_settled (const struct stat *stat)
{
  return ta_clock_now ().wall - MAX (stat->st_mtim.tv_sec, stat->st_ctim.tv_sec) >= TICK;
}

/* To be called before the file is read, so that what is read is not older than this. `path`:
 * (nullable): NULL: there is no file. */
void
ta_file_state_note (TaFileState *self, const char *path)
{
  ta_file_state_clear (self);
  self->path = g_strdup (path);
  self->is_known = path == NULL || (stat (path, &self->stat) == 0 && is_settled (&self->stat));
}

/* Whether reading `path` (nullable) would give what it gave when its state was noted. */
gboolean
ta_file_state_is_current (const TaFileState *self, const char *path)
{
  struct stat now;

  return self->is_known && g_strcmp0 (self->path, path) == 0
         && (path == NULL || (stat (path, &now) == 0 && is_same (&now, &self->stat)));
}

void
ta_file_state_clear (TaFileState *self)
{
  self->is_known = FALSE;
  g_clear_pointer (&self->path, g_free);
}

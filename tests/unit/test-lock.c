/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "io/ta-lock.h"

#include "unit.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every case has a runtime folder of its own, which always has the same path, because GLib reads
 * the environment once. What others may have put there is really put there. */

#define NAME "anna@example.com"
#define NOBODY 65534

/* In the folder that main() makes. */
#define RUNTIME "run"
#define FOLDER RUNTIME "/tidio-auth"
#define LOCK_FILE FOLDER "/" NAME ".lock"
#define OTHER "other"
#define WAIT 2 /* seconds */

typedef struct
{
  TaLock *lock;  /* (owned) (nullable) */
  GError *error; /* (owned) (nullable) */
  gboolean done;
} Taker;

typedef struct
{
  Taker first;
  Taker second;
  guint descriptors; /* before */
} Fixture;

static void
release (Taker *taker)
{
  g_clear_pointer (&taker->lock, ta_lock_free);
  g_clear_error (&taker->error);
}

static void
take_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Taker *taker = user_data;

  taker->lock = ta_lock_take_finish (result, &taker->error);
  taker->done = TRUE;
}

static void
await (Taker *taker)
{
  while (!taker->done)
    g_main_context_iteration (NULL, TRUE);
}

static void
take (Taker *taker, const char *name)
{
  ta_lock_take_async (name, WAIT, NULL, take_cb, taker);
  await (taker);
}

static void
assert_taken (const Taker *taker)
{
  g_assert_no_error (taker->error);
  g_assert_nonnull (taker->lock);
}

static gboolean
set_true (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

/* Time in which a lock that was free would be taken. */
static void
pass (void)
{
  gboolean over = FALSE;

  g_timeout_add (200, set_true, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

static guint
get_mode (const char *path)
{
  GStatBuf info;

  g_assert_cmpint (g_lstat (path, &info), ==, 0);
  return info.st_mode & 07777;
}

static void
write_file (const char *path)
{
  g_assert_true (g_file_set_contents (path, "text", -1, NULL));
}

static void
assert_file (const char *path)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "text");
}

static void
make_folder (void)
{
  g_assert_cmpint (g_mkdir_with_parents (FOLDER, 0700), ==, 0);
}

static void
delete_all (const char *path)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    dir = g_dir_open (path, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      delete_all (child);
    }
  g_remove (path);
}

/* GLib has descriptors of its own from the first task on. */
static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (g_mkdir (RUNTIME, 0700), ==, 0);
  g_type_ensure (G_TYPE_TASK);
  g_main_context_iteration (NULL, FALSE);
  fixture->descriptors = unit_count_descriptors ();
}

/* Of a lock that is freed, or was never had, nothing is left. */
static void
tear_down (Fixture *fixture, gconstpointer data)
{
  release (&fixture->first);
  release (&fixture->second);
  g_assert_cmpuint (unit_count_descriptors (), ==, fixture->descriptors);
  delete_all (RUNTIME);
  delete_all (OTHER);
}

static void
check_files (Fixture *fixture, gconstpointer data)
{
  mode_t before = umask (0);
  GStatBuf info;

  take (&fixture->first, NAME);
  umask (before);
  assert_taken (&fixture->first);
  g_assert_cmphex (get_mode (FOLDER), ==, 0700);
  g_assert_cmphex (get_mode (LOCK_FILE), ==, 0600);
  release (&fixture->first);
  g_assert_cmpint (g_lstat (LOCK_FILE, &info), ==, 0);
  g_assert_true (S_ISREG (info.st_mode));
  g_assert_cmpint (info.st_size, ==, 0);
}

static void
check_second_waits (Fixture *fixture, gconstpointer data)
{
  take (&fixture->first, NAME);
  ta_lock_take_async (NAME, WAIT, NULL, take_cb, &fixture->second);
  pass ();
  g_assert_false (fixture->second.done);
  release (&fixture->first);
  await (&fixture->second);
  assert_taken (&fixture->second);
}

static void
check_one_after_the_other (Fixture *fixture, gconstpointer data)
{
  Taker others[8] = { 0 };
  guint taken = 0;

  take (&fixture->first, NAME);
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    ta_lock_take_async (NAME, WAIT, NULL, take_cb, &others[i]);
  release (&fixture->first);
  while (taken < G_N_ELEMENTS (others))
    {
      guint holders = 0;

      g_main_context_iteration (NULL, TRUE);
      for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
        holders += others[i].lock != NULL;
      g_assert_cmpuint (holders, <=, 1);
      for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
        if (others[i].lock != NULL)
          release (&others[i]);
      taken += holders;
    }
}

static void
check_other_name (Fixture *fixture, gconstpointer data)
{
  take (&fixture->first, NAME);
  take (&fixture->second, "ben");
  assert_taken (&fixture->first);
  assert_taken (&fixture->second);
}

/* Holds the lock in another process, which says so by a byte and then stands still. */
static GPid
hold (void)
{
  struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  int ends[2];
  char byte;
  GPid child;

  make_folder ();
  g_assert_cmpint (pipe (ends), ==, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      int fd = open (LOCK_FILE, O_RDWR | O_CREAT, 0600);

      prctl (PR_SET_PDEATHSIG, SIGKILL);
      if (fd >= 0 && fcntl (fd, F_OFD_SETLK, &whole) == 0 && write (ends[1], "x", 1) == 1)
        for (;;)
          pause ();
      _exit (1);
    }
  close (ends[1]);
  g_assert_cmpint (read (ends[0], &byte, 1), ==, 1);
  close (ends[0]);
  return child;
}

static void
end_process (GPid child)
{
  int status;

  g_assert_cmpint (kill (child, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
}

/* RF-12: the kernel releases it, however a process ends. */
static void
check_other_process (Fixture *fixture, gconstpointer data)
{
  GPid child = hold ();

  ta_lock_take_async (NAME, WAIT, NULL, take_cb, &fixture->first);
  pass ();
  g_assert_false (fixture->first.done);
  end_process (child);
  await (&fixture->first);
  assert_taken (&fixture->first);
}

static void
check_busy (Fixture *fixture, gconstpointer data)
{
  GPid child = hold ();

  take (&fixture->first, NAME);
  unit_assert_error (fixture->first.error, TA_ERROR, TA_ERROR_BUSY);
  g_assert_null (fixture->first.lock);
  end_process (child);
  take (&fixture->second, NAME);
  assert_taken (&fixture->second);
}

static void
check_nobody_takes_it (Fixture *fixture, gconstpointer data)
{
  ta_lock_take_async (NAME, WAIT, NULL, NULL, NULL);
  take (&fixture->first, NAME);
  assert_taken (&fixture->first);
}

/* The programs this one starts do not hold it. */
static void
check_not_inherited (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;
  guint found = 0;

  take (&fixture->first, NAME);
  dir = g_dir_open ("/proc/self/fd", 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *link = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (link, NULL);

      if (target == NULL || !g_str_has_suffix (target, LOCK_FILE))
        continue;
      g_assert_cmpint (fcntl (atoi (name), F_GETFD) & FD_CLOEXEC, !=, 0);
      found++;
    }
  g_assert_cmpuint (found, ==, 1);
}

/* Who waits no more has nothing, whoever has the lock goes on having it. */
static void
check_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Taker third = { 0 };

  take (&fixture->first, NAME);
  ta_lock_take_async (NAME, 1000, cancellable, take_cb, &fixture->second);
  pass ();
  g_assert_false (fixture->second.done);
  g_cancellable_cancel (cancellable);
  await (&fixture->second);
  g_assert_error (fixture->second.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  take (&third, NAME);
  unit_assert_error (third.error, TA_ERROR, TA_ERROR_BUSY);
  release (&third);
}

/* Whoever has a lock can see whether it still is the one of its name. */
static void
check_in_place (Fixture *fixture, gconstpointer data)
{
  take (&fixture->first, NAME);
  g_assert_true (ta_lock_is_in_place (fixture->first.lock, NAME));
  g_assert_cmpint (g_remove (LOCK_FILE), ==, 0);
  g_assert_false (ta_lock_is_in_place (fixture->first.lock, NAME));
  take (&fixture->second, NAME);
  assert_taken (&fixture->second);
  g_assert_true (ta_lock_is_in_place (fixture->second.lock, NAME));
  g_assert_false (ta_lock_is_in_place (fixture->first.lock, NAME));
}

/* Who waited for a file that was removed does not keep others from the one that took its place. */
static void
check_removed (Fixture *fixture, gconstpointer data)
{
  Taker third = { 0 };

  take (&fixture->first, NAME);
  ta_lock_take_async (NAME, WAIT, NULL, take_cb, &fixture->second);
  pass ();
  g_assert_cmpint (g_remove (LOCK_FILE), ==, 0);
  release (&fixture->first);
  await (&fixture->second);
  assert_taken (&fixture->second);
  take (&third, NAME);
  unit_assert_error (third.error, TA_ERROR, TA_ERROR_BUSY);
  release (&third);
}

typedef struct
{
  const char *id;
  guint folder_mode;
  guint mode;
} Mode;

static const Mode modes[] = {
  { "0666", 0700, 0666 },        { "0777", 0700, 0777 },        { "0644", 0700, 0644 },
  { "folder-0777", 0777, 0600 }, { "folder-0755", 0755, 0600 }, { "folder-0500", 0500, 0600 },
};

/* RF-12. What the file has in it is nobody's business. */
static void
check_mode (Fixture *fixture, gconstpointer data)
{
  const Mode *row = data;

  make_folder ();
  write_file (LOCK_FILE);
  g_assert_cmpint (chmod (LOCK_FILE, row->mode), ==, 0);
  g_assert_cmpint (chmod (FOLDER, row->folder_mode), ==, 0);
  take (&fixture->first, NAME);
  assert_taken (&fixture->first);
  g_assert_cmphex (get_mode (LOCK_FILE), ==, 0600);
  g_assert_cmphex (get_mode (FOLDER), ==, 0700);
  assert_file (LOCK_FILE);
}

static void
put_symlink (void)
{
  make_folder ();
  g_assert_cmpint (symlink ("../../" OTHER, LOCK_FILE), ==, 0);
}

static void
put_dangling_symlink (void)
{
  make_folder ();
  g_assert_cmpint (symlink ("../../nowhere", LOCK_FILE), ==, 0);
}

static void
put_hard_link (void)
{
  make_folder ();
  g_assert_cmpint (link (OTHER, LOCK_FILE), ==, 0);
}

static void
put_fifo (void)
{
  make_folder ();
  g_assert_cmpint (mkfifo (LOCK_FILE, 0600), ==, 0);
}

static void
put_socket (void)
{
  make_folder ();
  g_assert_cmpint (mknod (LOCK_FILE, S_IFSOCK | 0600, 0), ==, 0);
}

static void
put_folder (void)
{
  g_assert_cmpint (g_mkdir_with_parents (LOCK_FILE, 0700), ==, 0);
}

static void
put_symlink_to_folder (void)
{
  g_assert_cmpint (g_mkdir (RUNTIME "/elsewhere", 0700), ==, 0);
  g_assert_cmpint (symlink ("elsewhere", FOLDER), ==, 0);
}

static void
put_file_for_folder (void)
{
  write_file (FOLDER);
}

/* A file of root in the folder of a user. */
static void
put_foreign_file (void)
{
  make_folder ();
  write_file (LOCK_FILE);
  g_assert_cmpint (chmod (LOCK_FILE, 0666), ==, 0);
  g_assert_cmpint (chown (FOLDER, NOBODY, NOBODY), ==, 0);
  g_assert_cmpint (chown (RUNTIME, NOBODY, NOBODY), ==, 0);
  g_assert_cmpint (seteuid (NOBODY), ==, 0);
}

static void
put_closed_foreign_file (void)
{
  put_foreign_file ();
  g_assert_cmpint (seteuid (0), ==, 0);
  g_assert_cmpint (chmod (LOCK_FILE, 0600), ==, 0);
  g_assert_cmpint (seteuid (NOBODY), ==, 0);
}

static void
put_foreign_folder (void)
{
  make_folder ();
  g_assert_cmpint (chmod (FOLDER, 0777), ==, 0);
  g_assert_cmpint (chmod (RUNTIME, 0711), ==, 0);
  g_assert_cmpint (seteuid (NOBODY), ==, 0);
}

typedef struct
{
  const char *id;
  void (*put) (void);
} Obstacle;

static const Obstacle obstacles[] = {
  { "symlink", put_symlink },
  { "dangling-symlink", put_dangling_symlink },
  { "hard-link", put_hard_link },
  { "fifo", put_fifo },
  { "socket", put_socket },
  { "folder", put_folder },
  { "symlink-to-folder", put_symlink_to_folder },
  { "file-for-folder", put_file_for_folder },
};

/* Only root can make these. */
static const Obstacle foreign[] = {
  { "file", put_foreign_file },
  { "closed-file", put_closed_foreign_file },
  { "folder", put_foreign_folder },
};

/* RF-12: it is not used, and nothing comes to it. */
static void
check_refused (Fixture *fixture, gconstpointer data)
{
  const Obstacle *row = data;

  write_file (OTHER);
  g_assert_cmpint (chmod (OTHER, 0644), ==, 0);
  row->put ();
  take (&fixture->first, NAME);
  g_assert_cmpint (seteuid (getuid ()), ==, 0);
  unit_assert_error (fixture->first.error, TA_ERROR, TA_ERROR_FAILED);
  g_assert_nonnull (strstr (fixture->first.error->message, NAME));
  g_assert_null (fixture->first.lock);
  assert_file (OTHER);
  g_assert_cmphex (get_mode (OTHER), ==, 0644);
  g_assert_false (g_file_test ("nowhere", G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (RUNTIME "/elsewhere/" NAME ".lock", G_FILE_TEST_EXISTS));
}

static void
check_message_length (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = unit_repeat ("a", 64);
  g_autofree char *path = g_strconcat (FOLDER "/", name, ".lock", NULL);

  make_folder ();
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  take (&fixture->first, name);
  unit_assert_error (fixture->first.error, TA_ERROR, TA_ERROR_FAILED);
}

static void
check_folder_is_made (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (g_rmdir (RUNTIME), ==, 0);
  take (&fixture->first, NAME);
  assert_taken (&fixture->first);
  g_assert_cmphex (get_mode (RUNTIME), ==, 0700);
  g_assert_cmphex (get_mode (LOCK_FILE), ==, 0600);
}

typedef struct
{
  const char *id;
  const char *runtime; /* what the runtime folder is a link to */
} Place;

/* In /proc not even root can make anything. */
static const Place places[] = {
  { "no-folder", "/proc/nowhere/at/all" },
  { "read-only", "/proc" },
};

/* Refreshing alone is better than not at all: everybody has the lock. */
static void
check_no_place (Fixture *fixture, gconstpointer data)
{
  const Place *row = data;

  g_assert_cmpint (g_rmdir (RUNTIME), ==, 0);
  g_assert_cmpint (symlink (row->runtime, RUNTIME), ==, 0);
  take (&fixture->first, NAME);
  take (&fixture->second, NAME);
  assert_taken (&fixture->first);
  assert_taken (&fixture->second);
}

static void
add (const char *path, gconstpointer row, void (*check) (Fixture *fixture, gconstpointer user_data))
{
  g_test_add (path, Fixture, row, set_up, check, tear_down);
}

#define ADD_ROWS(group, rows, check)                                                               \
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)                                                  \
    {                                                                                              \
      g_autofree char *path = g_strconcat (group "/", (rows)[i].id, NULL);                         \
                                                                                                   \
      add (path, &(rows)[i], check);                                                               \
    }

/* The folder that all cases work in; others may pass through it. */
static void
enter_folder (char *template)
{
  char path[PATH_MAX];

  g_assert_nonnull (mkdtemp (template));
  g_assert_cmpint (chmod (template, 0711), ==, 0);
  g_assert_cmpint (chdir (template), ==, 0);
  g_assert_nonnull (getcwd (path, sizeof path - sizeof RUNTIME - 1));
  strcat (path, "/" RUNTIME);
  g_assert_cmpint (setenv ("XDG_RUNTIME_DIR", path, TRUE), ==, 0);
}

int
main (int argc, char **argv)
{
  char folder[] = "/tmp/unit-lock-XXXXXX";
  int status;

  enter_folder (folder);
  g_test_init (&argc, &argv, NULL);
  add ("/lock/UN-LO-01-files", NULL, check_files);
  add ("/lock/UN-LO-02-second-waits", NULL, check_second_waits);
  add ("/lock/UN-LO-03-one-after-the-other", NULL, check_one_after_the_other);
  add ("/lock/UN-LO-04-other-name", NULL, check_other_name);
  add ("/lock/UN-LO-05-other-process", NULL, check_other_process);
  add ("/lock/UN-LO-06-busy", NULL, check_busy);
  add ("/lock/UN-LO-07-nobody-takes-it", NULL, check_nobody_takes_it);
  add ("/lock/UN-LO-08-not-inherited", NULL, check_not_inherited);
  ADD_ROWS ("/lock/UN-LO-09-mode", modes, check_mode);
  ADD_ROWS ("/lock/UN-LO-10-refused", obstacles, check_refused);
  if (geteuid () == 0)
    ADD_ROWS ("/lock/UN-LO-11-foreign", foreign, check_refused);
  add ("/lock/UN-LO-12-message-length", NULL, check_message_length);
  add ("/lock/UN-LO-13-folder-is-made", NULL, check_folder_is_made);
  ADD_ROWS ("/lock/UN-LO-14-no-place", places, check_no_place);
  add ("/lock/UN-LO-15-cancelled", NULL, check_cancelled);
  add ("/lock/UN-LO-16-removed", NULL, check_removed);
  add ("/lock/UN-LO-17-in-place", NULL, check_in_place);
  status = g_test_run ();
  rmdir (folder);
  return status;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-settings.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"

#include <glib/gstdio.h>

/* What is kept across restarts and is no secret: a key file in the user's state folder. */

#define FILE_NAME "settings.conf"

#define ACCOUNTS "Accounts"
#define DEFAULT_ACCOUNT "Default"

/* Of an account: when its reminders may come again. The boot clock says it as long as the computer
 * runs, because nobody can set it; after that the wall clock has to do. */
#define REMINDER_PREFIX "Reminder "
#define GENERATION "Generation"
#define UNTIL "Until"
#define BOOT "Boot"
#define UNTIL_ON_BOOT_CLOCK "UntilOnBootClock"

/* Beyond what a clock says, seconds. */
#define MAX_TIME (G_GINT64_CONSTANT (1) << 40)

static char *
get_folder (void)
{
  return g_build_filename (g_get_user_state_dir (), "tidio-auth", NULL);
}

/* What cannot be read is as if there were nothing. */
static GKeyFile *
load (void)
{
  GKeyFile *file = g_key_file_new ();
  g_autofree char *folder = get_folder ();
  g_autofree char *path = g_build_filename (folder, FILE_NAME, NULL);

  g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL);
  return file;
}

static gboolean
save (GKeyFile *file)
{
  g_autofree char *folder = get_folder ();
  g_autofree char *path = g_build_filename (folder, FILE_NAME, NULL);
  gsize length;
  g_autofree char *data = g_key_file_to_data (file, &length, NULL);

  return g_mkdir_with_parents (folder, 0700) == 0
         && g_file_set_contents_full (path, data, (gssize) length,
                                      G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                      0600, NULL);
}

/* The account's id; empty if none was set. */
char *
ta_settings_load_default_account (void)
{
  g_autoptr (GKeyFile) file = load ();
  char *account = g_key_file_get_string (file, ACCOUNTS, DEFAULT_ACCOUNT, NULL);

  return account != NULL ? account : g_strdup ("");
}

/* Errors: TA_ERROR_FAILED. */
gboolean
ta_settings_save_default_account (const char *account, GError **error)
{
  g_autoptr (GKeyFile) file = load ();

  g_key_file_set_string (file, ACCOUNTS, DEFAULT_ACCOUNT, account);
  if (save (file))
    return TRUE;
  g_set_error_literal (error, TA_ERROR, TA_ERROR_FAILED,
                       "The default account cannot be saved: see whether the state folder is "
                       "writable and the disk has room");
  return FALSE;
}

/* Milliseconds of the boot clock until which there are no reminders of the account; 0: there are.
 * `generation`: of the record that is of no use any more: what was saved of another one does not
 * count. `longest`: milliseconds from now at most, because the wall clock may have been set. */
gint64
ta_settings_load_quiet (const char *account, gint64 generation, gint64 longest)
{
  g_autoptr (GKeyFile) file = load ();
  g_autofree char *group = g_strconcat (REMINDER_PREFIX, account, NULL);
  g_autofree char *saved_boot = g_key_file_get_string (file, group, BOOT, NULL);
  g_autofree char *boot = ta_clock_get_boot_id ();
  gint64 now = ta_clock_boot_ms ();
  gint64 left;

  if (!g_key_file_has_group (file, group)
      || g_key_file_get_int64 (file, group, GENERATION, NULL) != generation)
    return 0;
  if (*boot != '\0' && g_strcmp0 (saved_boot, boot) == 0)
    left = g_key_file_get_int64 (file, group, UNTIL_ON_BOOT_CLOCK, NULL) - now;
  else
    left = (CLAMP (g_key_file_get_int64 (file, group, UNTIL, NULL), 0, MAX_TIME)
            - ta_clock_now ().wall)
           * 1000;
  return left > 0 ? now + MIN (left, longest) : 0;
}

/* `until`: milliseconds of the boot clock; 0: reminders may come. Best effort: what cannot be saved
 * lasts as long as the process. */
void
ta_settings_save_quiet (const char *account, gint64 generation, gint64 until)
{
  g_autoptr (GKeyFile) file = load ();
  g_autofree char *group = g_strconcat (REMINDER_PREFIX, account, NULL);
  g_autofree char *boot = ta_clock_get_boot_id ();
  gint64 left = (until - ta_clock_boot_ms ()) / 1000;

  if (until == 0 && !g_key_file_remove_group (file, group, NULL))
    return;
  if (until != 0)
    {
      g_key_file_set_int64 (file, group, GENERATION, generation);
      g_key_file_set_int64 (file, group, UNTIL, ta_clock_now ().wall + left);
      g_key_file_set_string (file, group, BOOT, boot);
      g_key_file_set_int64 (file, group, UNTIL_ON_BOOT_CLOCK, until);
    }
  if (!save (file))
    g_message ("The state folder cannot be written: a reminder may come again too early");
}

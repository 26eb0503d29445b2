/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-settings.h"

#include "base/ta-error.h"

#include <glib/gstdio.h>

/* What is kept across restarts and is no secret: a key file in the user's state folder. */

#define GROUP "Accounts"
#define DEFAULT_ACCOUNT "Default"

static char *
get_folder (void)
{
  return g_build_filename (g_get_user_state_dir (), "tidio-auth", NULL);
}

static char *
get_path (void)
{
  g_autofree char *folder = get_folder ();

  return g_build_filename (folder, "settings.conf", NULL);
}

/* The account's id; empty if none was set. */
char *
ta_settings_load_default_account (void)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *path = get_path ();
  char *account = NULL;

  if (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    account = g_key_file_get_string (file, GROUP, DEFAULT_ACCOUNT, NULL);
  return account != NULL ? account : g_strdup ("");
}

/* Errors: TA_ERROR_FAILED. */
gboolean
ta_settings_save_default_account (const char *account, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *folder = get_folder ();
  g_autofree char *path = get_path ();
  g_autofree char *data = NULL;
  gsize length;

  g_key_file_set_string (file, GROUP, DEFAULT_ACCOUNT, account);
  data = g_key_file_to_data (file, &length, NULL);
  if (g_mkdir_with_parents (folder, 0700) == 0
      && g_file_set_contents_full (path, data, (gssize) length,
                                   G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                   0600, NULL))
    return TRUE;
  g_set_error_literal (error, TA_ERROR, TA_ERROR_FAILED,
                       "The default account cannot be saved: see whether the state folder is "
                       "writable and the disk has room");
  return FALSE;
}

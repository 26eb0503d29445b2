/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-configuration.h"

#include "base/ta-error.h"
#include "oauth/ta-key-reader.h"
#include "ta-trusted-file.h"

/* The file is small and looked up seldom, so it is read each time: a change needs no restart. */

#define FILE_NAME "tidio-auth.conf"
#define NAME "Configuration file " FILE_NAME

static gboolean
take_boolean (TaKeyReader *reader, const char *group, const char *key)
{
  const char *const choices[] = { "true", "false", NULL };

  return ta_key_reader_take_choice (reader, group, key, choices) == 0;
}

/* Errors: TA_ERROR_NOT_CONFIGURED, which names the key. */
TaConfiguration *
ta_configuration_parse (const char *data, gsize length, GError **error)
{
  g_autoptr (TaConfiguration) self = g_new0 (TaConfiguration, 1);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  TaKeyReader reader = { .file = file, .name = NAME };

  if (!g_key_file_load_from_data (file, data, length, G_KEY_FILE_NONE, NULL))
    {
      g_set_error_literal (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED,
                           NAME ": it is not a key file: see README");
      return NULL;
    }
  self->checks_peer = take_boolean (&reader, "Callback", "CheckPeer");
  self->ca_file = ta_key_reader_take (&reader, "Network", "CaFile");
  if (self->ca_file != NULL && !g_path_is_absolute (self->ca_file))
    ta_key_reader_fail (&reader, "Network", "CaFile", "must be an absolute path");
  ta_key_reader_refuse_rest (&reader);
  if (reader.error == NULL)
    return g_steal_pointer (&self);
  g_propagate_error (error, reader.error);
  return NULL;
}

/* (nullable): the user's file, or else the system's; NULL: there is none. */
char *
ta_configuration_find (void)
{
  const char *const *folders = g_get_system_config_dirs ();
  g_autofree char *path
      = g_build_filename (g_get_user_config_dir (), "tidio-auth", FILE_NAME, NULL);

  for (int i = 0; folders[i] != NULL && !g_file_test (path, G_FILE_TEST_EXISTS); i++)
    {
      g_free (path);
      path = g_build_filename (folders[i], "tidio-auth", FILE_NAME, NULL);
    }
  return g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path) : NULL;
}

/* Of that file; without one, what a file without keys says.
 * Errors: TA_ERROR_NOT_CONFIGURED. */
TaConfiguration *
ta_configuration_load (GError **error)
{
  g_autofree char *path = ta_configuration_find ();
  g_autofree char *data = NULL;
  gsize length = 0;
  const char *problem;

  if (path == NULL)
    return ta_configuration_parse ("", 0, error);
  problem = ta_trusted_file_read (path, &data, &length);
  if (problem == NULL)
    return ta_configuration_parse (data, length, error);
  g_set_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED, NAME ": %s", problem);
  return NULL;
}

void
ta_configuration_free (TaConfiguration *self)
{
  g_free (self->ca_file);
  g_free (self);
}

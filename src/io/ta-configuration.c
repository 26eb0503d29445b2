/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-configuration.h"

#include "base/ta-error.h"
#include "oauth/ta-key-reader.h"
#include "ta-trusted-file.h"

/* The file is small and looked up seldom, so it is read each time: a change needs no restart. */

#define FILE_NAME "tidio-auth.conf"
#define NAME "Configuration file " FILE_NAME

#define SECONDS_MAX (24 * 60 * 60)

static gboolean
take_boolean (TaKeyReader *reader, const char *group, const char *key)
{
  const char *const choices[] = { "true", "false", NULL };

  return ta_key_reader_take_choice (reader, group, key, choices) == 0;
}

/* Seconds. */
static guint
take_seconds (TaKeyReader *reader, const char *group, const char *key, guint fallback)
{
  g_autofree char *value = ta_key_reader_take (reader, group, key);
  guint64 seconds = fallback;

  if (value != NULL && !g_ascii_string_to_unsigned (value, 10, 0, SECONDS_MAX, &seconds, NULL))
    ta_key_reader_fail (reader, group, key, "must be a number of seconds, 86400 at most");
  return (guint) seconds;
}

static TaHostAccess
take_host_access (TaKeyReader *reader)
{
  const char *const choices[] = { "allow", "ask", "deny", NULL };

  return (TaHostAccess) ta_key_reader_take_choice (reader, "Callers", "Host", choices);
}

static GKeyFile *
parse_file (const char *data, gsize length, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (g_key_file_load_from_data (file, data, length, G_KEY_FILE_NONE, NULL))
    return g_steal_pointer (&file);
  g_set_error_literal (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED,
                       NAME ": it is not a key file: see README");
  return NULL;
}

/* Errors: TA_ERROR_NOT_CONFIGURED, which names the key. */
TaConfiguration *
ta_configuration_parse (const char *data, gsize length, GError **error)
{
  g_autoptr (TaConfiguration) self = g_new0 (TaConfiguration, 1);
  g_autoptr (GKeyFile) file = parse_file (data, length, error);
  TaKeyReader reader = { .file = file, .name = NAME };

  if (file == NULL)
    return NULL;
  self->checks_peer = take_boolean (&reader, "Callback", "CheckPeer");
  self->ca_file = ta_key_reader_take (&reader, "Network", "CaFile");
  if (self->ca_file != NULL && !g_path_is_absolute (self->ca_file))
    ta_key_reader_fail (&reader, "Network", "CaFile", "must be an absolute path");
  self->idle_timeout
      = take_seconds (&reader, "Broker", "IdleTimeout", TA_CONFIGURATION_IDLE_TIMEOUT);
  take_host_access (&reader);
  ta_key_reader_refuse_rest (&reader);
  if (reader.error == NULL)
    return g_steal_pointer (&self);
  g_propagate_error (error, reader.error);
  return NULL;
}

/* What is wrong with the other keys does not matter to this one.
 * Errors: TA_ERROR_NOT_CONFIGURED, which names the key. */
gboolean
ta_configuration_parse_host_access (const char *data, gsize length, TaHostAccess *access,
                                    GError **error)
{
  g_autoptr (GKeyFile) file = parse_file (data, length, error);
  TaKeyReader reader = { .file = file, .name = NAME };

  if (file == NULL)
    return FALSE;
  g_key_file_remove_group (file, "Broker", NULL);
  g_key_file_remove_group (file, "Callback", NULL);
  g_key_file_remove_group (file, "Network", NULL);
  *access = take_host_access (&reader);
  ta_key_reader_refuse_rest (&reader);
  if (reader.error == NULL)
    return TRUE;
  g_propagate_error (error, reader.error);
  return FALSE;
}

/* (nullable): the file of a folder, if it is there. */
static char *
find_in (const char *folder)
{
  g_autofree char *path = g_strconcat (folder, "/tidio-auth/" FILE_NAME, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path) : NULL;
}

/* (nullable): the user's file, or else the system's; NULL: there is none. */
char *
ta_configuration_find (void)
{
  const char *const *folders = g_get_system_config_dirs ();
  char *path = find_in (g_get_user_config_dir ());

  for (int i = 0; path == NULL && folders[i] != NULL; i++)
    path = find_in (folders[i]);
  return path;
}

/* Of that file; without one, nothing. */
static char *
load_data (gsize *length, GError **error)
{
  g_autofree char *path = ta_configuration_find ();
  char *data = NULL;
  const char *problem;

  *length = 0;
  if (path == NULL)
    return g_strdup ("");
  problem = ta_trusted_file_read (path, &data, length);
  if (problem == NULL)
    return data;
  g_set_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED, NAME ": %s", problem);
  return NULL;
}

/* Errors: TA_ERROR_NOT_CONFIGURED. */
TaConfiguration *
ta_configuration_load (GError **error)
{
  gsize length;
  g_autofree char *data = load_data (&length, error);

  return data == NULL ? NULL : ta_configuration_parse (data, length, error);
}

/* Errors: TA_ERROR_NOT_CONFIGURED. */
gboolean
ta_configuration_load_host_access (TaHostAccess *access, GError **error)
{
  gsize length;
  g_autofree char *data = load_data (&length, error);

  return data != NULL && ta_configuration_parse_host_access (data, length, access, error);
}

void
ta_configuration_free (TaConfiguration *self)
{
  g_free (self->ca_file);
  g_free (self);
}

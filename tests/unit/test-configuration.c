/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-configuration.h"

#include "base/ta-error.h"
#include "unit.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *const refused[] = {
  "CheckPeer=true",
  "[Callback]\nCheckPeer=maybe",
  "[Callback]\nCheckPeer=True",
  "[Network]\nCaFile=relative.pem",
  "[Network]\nClientSecret=x",
  "[Other]\nCheckPeer=true",
  "[Broker]\nIdleTimeout=-1",
  "[Broker]\nIdleTimeout=1.5",
  "[Broker]\nIdleTimeout=2 min",
  "[Broker]\nIdleTimeout=86401",
  "[Callers]\nHost=maybe",
  "[Callers]\nHost=Deny",
  "[Callers]\nHosts=deny",
};

typedef struct
{
  const char *id;
  const char *text;
  TaHostAccess access;
} Access;

static const Access accesses[] = {
  { "none", "", TA_HOST_ACCESS_ALLOW },
  { "allow", "[Callers]\nHost=allow", TA_HOST_ACCESS_ALLOW },
  { "ask", "[Callers]\nHost=ask", TA_HOST_ACCESS_ASK },
  { "deny", "[Callers]\nHost=deny", TA_HOST_ACCESS_DENY },
  { "broker-wrong", "[Broker]\nIdleTimeout=x\n[Callers]\nHost=deny", TA_HOST_ACCESS_DENY },
  { "other-wrong", "[Network]\nCaFile=x\n[Callers]\nHost=deny", TA_HOST_ACCESS_DENY },
};

/* What is wrong anywhere where it could have been meant for the callers. */
static const char *const no_access[] = {
  "[Callers]\nHost=maybe",
  "[Callers]\nHosts=deny",
  "[Caller]\nHost=deny",
  "Host=deny",
};

static void
check_default (void)
{
  g_autoptr (TaConfiguration) configuration = ta_configuration_parse ("", 0, NULL);

  g_assert_true (configuration->checks_peer);
  g_assert_null (configuration->ca_file);
  g_assert_cmpuint (configuration->idle_timeout, ==, 120);
}

static void
check_idle_timeout (void)
{
  const char *text = "[Broker]\nIdleTimeout=0";
  g_autoptr (TaConfiguration) configuration = ta_configuration_parse (text, strlen (text), NULL);

  g_assert_cmpuint (configuration->idle_timeout, ==, 0);
}

static void
check_refused (gconstpointer text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_configuration_parse (text, strlen (text), &error));
  g_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
  g_assert_nonnull (strstr (error->message, "tidio-auth.conf"));
}

static void
check_access (gconstpointer data)
{
  const Access *row = data;
  TaHostAccess access;

  g_assert_true (ta_configuration_parse_host_access (row->text, strlen (row->text), &access, NULL));
  g_assert_cmpint (access, ==, row->access);
}

static void
check_no_access (gconstpointer text)
{
  g_autoptr (GError) error = NULL;
  TaHostAccess access;

  g_assert_false (ta_configuration_parse_host_access (text, strlen (text), &access, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
}

static void
write_file (const char *folder, const char *text)
{
  g_autofree char *parent = g_build_filename (folder, "tidio-auth", NULL);
  g_autofree char *path = g_build_filename (parent, "tidio-auth.conf", NULL);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
remove_file (const char *folder)
{
  g_autofree char *parent = g_build_filename (folder, "tidio-auth", NULL);
  g_autofree char *path = g_build_filename (parent, "tidio-auth.conf", NULL);

  g_remove (path);
  g_rmdir (parent);
  g_rmdir (folder);
}

/* The user's file hides the system's. */
static void
check_files (void)
{
  g_autoptr (TaConfiguration) none = ta_configuration_load (NULL);
  g_autoptr (TaConfiguration) systems = NULL;
  g_autoptr (TaConfiguration) users = NULL;

  g_assert_true (none->checks_peer);
  write_file (g_get_system_config_dirs ()[0],
              "[Callback]\nCheckPeer=false\n[Network]\nCaFile=/a\n");
  systems = ta_configuration_load (NULL);
  g_assert_false (systems->checks_peer);
  g_assert_cmpstr (systems->ca_file, ==, "/a");
  write_file (g_get_user_config_dir (), "[Network]\nCaFile=/b # mine\n");
  users = ta_configuration_load (NULL);
  g_assert_true (users->checks_peer);
  g_assert_cmpstr (users->ca_file, ==, "/b");
}

int
main (int argc, char *argv[])
{
  g_autofree char *users = g_dir_make_tmp (NULL, NULL);
  g_autofree char *systems = g_dir_make_tmp (NULL, NULL);
  int status;

  g_setenv ("XDG_CONFIG_HOME", users, TRUE);
  g_setenv ("XDG_CONFIG_DIRS", systems, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/configuration/default", check_default);
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *path = g_strdup_printf ("/configuration/refused-%" G_GSIZE_FORMAT, i);

      g_test_add_data_func (path, refused[i], check_refused);
    }
  UNIT_ADD_ROWS ("/configuration/UN-CF-01-host", accesses, check_access);
  for (gsize i = 0; i < G_N_ELEMENTS (no_access); i++)
    {
      g_autofree char *path = g_strdup_printf ("/configuration/UN-CF-02-host-%" G_GSIZE_FORMAT, i);

      g_test_add_data_func (path, no_access[i], check_no_access);
    }
  g_test_add_func ("/configuration/UN-CF-03-idle-timeout", check_idle_timeout);
  g_test_add_func ("/configuration/files", check_files);
  status = g_test_run ();
  remove_file (users);
  remove_file (systems);
  return status;
}

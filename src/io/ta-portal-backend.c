/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-portal-backend.h"

#include <gio/gio.h>

/* Which program of the desktop stands behind its portals: each backend installs a key file
 * NAME.portal that tells its bus name, its interfaces and the desktops it is meant for. The one
 * that is meant for this desktop is taken, or else the first by its file name. */

#define SUFFIX ".portal"
#define GROUP "portal"
#define NAME_PREFIX "org.freedesktop.impl.portal.desktop."

static gboolean
has (GKeyFile *file, const char *key, const char *value)
{
  g_auto (GStrv) values = g_key_file_get_string_list (file, GROUP, key, NULL, NULL);

  for (gsize i = 0; values != NULL && values[i] != NULL; i++)
    if (g_ascii_strcasecmp (values[i], value) == 0)
      return TRUE;
  return FALSE;
}

/* How far down the list of desktops the first one stands that the backend is meant for. */
static guint
rank (GKeyFile *file, char **desktops)
{
  guint i = 0;

  while (desktops[i] != NULL && !has (file, "UseIn", desktops[i]))
    i++;
  return i;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

/* Paths, sorted within each folder. */
static GPtrArray *
list_files (const char *const *folders)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; folders[i] != NULL; i++)
    {
      g_autofree char *folder
          = g_build_filename (folders[i], "xdg-desktop-portal", "portals", NULL);
      g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
      g_autoptr (GPtrArray) names = g_ptr_array_new ();
      const char *name;

      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        if (g_str_has_suffix (name, SUFFIX))
          g_ptr_array_add (names, g_build_filename (folder, name, NULL));
      g_ptr_array_sort (names, compare);
      g_ptr_array_extend_and_steal (paths, g_steal_pointer (&names));
    }
  return g_steal_pointer (&paths);
}

/* (nullable): the bus name. `folders`: of shared data; `desktops`: as in XDG_CURRENT_DESKTOP. */
char *
ta_portal_backend_choose (const char *const *folders, const char *desktops, const char *interface)
{
  g_autoptr (GPtrArray) paths = list_files (folders);
  g_auto (GStrv) wanted = g_strsplit (desktops, ":", -1);
  g_autofree char *best = NULL;
  guint least = G_MAXUINT;

  for (guint i = 0; i < paths->len; i++)
    {
      g_autoptr (GKeyFile) file = g_key_file_new ();
      g_autofree char *name = NULL;

      if (!g_key_file_load_from_file (file, paths->pdata[i], G_KEY_FILE_NONE, NULL))
        continue;
      name = g_key_file_get_string (file, GROUP, "DBusName", NULL);
      if (name == NULL || !g_str_has_prefix (name, NAME_PREFIX) || !g_dbus_is_name (name)
          || !has (file, "Interfaces", interface) || rank (file, wanted) >= least)
        continue;
      least = rank (file, wanted);
      g_free (best);
      best = g_steal_pointer (&name);
    }
  return g_steal_pointer (&best);
}

/* (nullable): the bus name of this session's backend that has the interface. */
char *
ta_portal_backend_find (const char *interface)
{
  const char *desktops = g_getenv ("XDG_CURRENT_DESKTOP");

  return ta_portal_backend_choose (g_get_system_data_dirs (), desktops != NULL ? desktops : "",
                                   interface);
}

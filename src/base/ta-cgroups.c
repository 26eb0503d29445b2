/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-cgroups.h"

#include <string.h>

/* The control groups of a process, as /proc/PID/cgroup lists them (cgroups(7)): lines of
 * HIERARCHY:CONTROLLERS:PATH. snapd names one for each program of a snap, in whatever hierarchy.
 * systemd names one for each unit, below that of the user's own manager, and desktops start
 * applications in units whose names tell which one it is (systemd.io/DESKTOP_ENVIRONMENTS). */

#define APP "app-"
#define SCOPE ".scope"
#define SERVICE ".service"

/* Undoes systemd's way of writing characters that mean something in a unit's name: \x2d for a dash.
 * What only looks like that stays. */
static char *
unescape (const char *text)
{
  GString *plain = g_string_new (NULL);

  for (const char *c = text; *c != '\0'; c++)
    if (c[0] == '\\' && c[1] == 'x' && g_ascii_isxdigit (c[2]) && g_ascii_isxdigit (c[3]))
      {
        char byte = (char) (g_ascii_xdigit_value (c[2]) << 4 | g_ascii_xdigit_value (c[3]));

        /* A host's name with this in it counts as none. */
        g_string_append_c (plain, byte == '\0' ? ' ' : byte);
        c += 3;
      }
    else
      g_string_append_c (plain, *c);
  return g_string_free (plain, FALSE);
}

/* app[-LAUNCHER]-ID-RANDOM.scope or app[-LAUNCHER]-ID[@RANDOM].service; a dash in ID is escaped.
 * NULL: it is none of these. */
static char *
read_unit (const char *unit)
{
  gboolean is_scope = g_str_has_suffix (unit, SCOPE);
  g_autofree char *id = NULL;
  char *random;
  char *dash;

  if (!g_str_has_prefix (unit, APP) || (!is_scope && !g_str_has_suffix (unit, SERVICE)))
    return NULL;
  id = g_strdup (unit + strlen (APP));
  *strrchr (id, '.') = '\0';
  random = strrchr (id, is_scope ? '-' : '@');
  if (random == NULL && is_scope)
    return NULL;
  if (random != NULL)
    *random = '\0';
  dash = strchr (id, '-');
  return unescape (dash != NULL ? dash + 1 : id);
}

/* The unit of the user's manager that a path stands for, or NULL. */
static const char *
find_unit (char **parts)
{
  const char *unit = NULL;
  gboolean is_inside = FALSE;

  for (; *parts != NULL; parts++)
    if (g_str_has_prefix (*parts, "user@") && g_str_has_suffix (*parts, SERVICE))
      {
        is_inside = TRUE;
        unit = NULL;
      }
    else if (is_inside && unit == NULL && !g_str_has_suffix (*parts, ".slice"))
      unit = *parts;
  return unit;
}

static TaApplication *
find_snap (char **parts)
{
  TaApplication *found = NULL;

  for (; found == NULL && *parts != NULL; parts++)
    found = ta_application_new_snap (*parts, strlen (*parts));
  return found;
}

/* `controllers`: systemd's own are the unified hierarchy and the one that has its name. */
static TaApplication *
find_host (const char *controllers, char **parts)
{
  const char *unit = find_unit (parts);
  g_autofree char *id = unit == NULL ? NULL : read_unit (unit);
  g_autoptr (TaApplication) host = NULL;

  if (id == NULL || (*controllers != '\0' && strcmp (controllers, "name=systemd") != 0))
    return NULL;
  host = ta_application_new_host (id);
  return *host->id == '\0' ? NULL : g_steal_pointer (&host);
}

/* The application that any line names, or NULL; a snap's line is more than a hint. */
TaApplication *
ta_cgroups_find_application (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (TaApplication) host = NULL;

  for (int i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", 3);
      g_auto (GStrv) parts = NULL;
      TaApplication *snap;

      if (g_strv_length (fields) != 3)
        continue;
      parts = g_strsplit (fields[2], "/", -1);
      snap = find_snap (parts);
      if (snap != NULL)
        return snap;
      if (host == NULL)
        host = find_host (fields[1], parts);
    }
  return g_steal_pointer (&host);
}

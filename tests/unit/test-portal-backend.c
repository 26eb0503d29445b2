/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-portal-backend.h"

#include "unit.h"

#include <glib/gstdio.h>

#define ACCESS "org.freedesktop.impl.portal.Access"
#define NAME(end) "DBusName=org.freedesktop.impl.portal.desktop." end "\n"
#define INTERFACES "Interfaces=org.freedesktop.impl.portal.Other;" ACCESS ";\n"

/* The files of two folders, named 0/NAME and 1/NAME. */
typedef struct
{
  const char *name;
  const char *text;
} File;

typedef struct
{
  const char *id;
  File files[3];
  const char *desktops;
  const char *chosen;
} Choice;

static const Choice choices[] = {
  { "none", { { NULL } }, "GNOME", NULL },
  { "only", { { "0/a.portal", "[portal]\n" NAME ("a") INTERFACES } }, "GNOME", "a" },
  { "no-desktop", { { "0/a.portal", "[portal]\n" NAME ("a") INTERFACES } }, "", "a" },
  { "meant",
    { { "0/a.portal", "[portal]\n" NAME ("a") INTERFACES "UseIn=kde\n" },
      { "0/b.portal", "[portal]\n" NAME ("b") INTERFACES "UseIn=gnome;\n" } },
    "GNOME",
    "b" },
  { "first-desktop",
    { { "0/a.portal", "[portal]\n" NAME ("a") INTERFACES "UseIn=GNOME\n" },
      { "0/b.portal", "[portal]\n" NAME ("b") INTERFACES "UseIn=Unity\n" } },
    "Unity:GNOME",
    "b" },
  { "by-name",
    { { "0/b.portal", "[portal]\n" NAME ("b") INTERFACES },
      { "0/a.portal", "[portal]\n" NAME ("a") INTERFACES } },
    "GNOME",
    "a" },
  { "first-folder",
    { { "1/a.portal", "[portal]\n" NAME ("a") INTERFACES },
      { "0/b.portal", "[portal]\n" NAME ("b") INTERFACES } },
    "GNOME",
    "b" },
  { "second-folder-meant",
    { { "0/a.portal", "[portal]\n" NAME ("a") INTERFACES },
      { "1/b.portal", "[portal]\n" NAME ("b") INTERFACES "UseIn=GNOME\n" } },
    "GNOME",
    "b" },
  { "other-interface",
    { { "0/a.portal", "[portal]\n" NAME ("a") "Interfaces=" ACCESS "2\n" } },
    "GNOME",
    NULL },
  { "other-file", { { "0/a.conf", "[portal]\n" NAME ("a") INTERFACES } }, "GNOME", NULL },
  { "no-name", { { "0/a.portal", "[portal]\n" INTERFACES } }, "GNOME", NULL },
  { "foreign-name",
    { { "0/a.portal", "[portal]\nDBusName=org.example.Evil\n" INTERFACES } },
    "GNOME",
    NULL },
  { "bad-name", { { "0/a.portal", "[portal]\n" NAME ("a b") INTERFACES } }, "GNOME", NULL },
  { "no-end", { { "0/a.portal", "[portal]\n" NAME ("") INTERFACES } }, "GNOME", NULL },
  { "damaged",
    { { "0/a.portal", "[portal\n" }, { "0/b.portal", "[portal]\n" NAME ("b") INTERFACES } },
    "GNOME",
    "b" },
};

static char *
build_path (const char *root, const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", 2);

  return g_build_filename (root, parts[0], "xdg-desktop-portal", "portals", parts[1], NULL);
}

static void
check_choice (gconstpointer data)
{
  const Choice *row = data;
  g_autofree char *root = g_dir_make_tmp (NULL, NULL);
  g_autofree char *first = g_build_filename (root, "0", NULL);
  g_autofree char *second = g_build_filename (root, "1", NULL);
  const char *const folders[] = { "/nowhere", first, second, NULL };
  g_autofree char *chosen = NULL;
  g_autofree char *expected
      = row->chosen == NULL
            ? NULL
            : g_strconcat ("org.freedesktop.impl.portal.desktop.", row->chosen, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (row->files) && row->files[i].name != NULL; i++)
    {
      g_autofree char *path = build_path (root, row->files[i].name);
      g_autofree char *folder = g_path_get_dirname (path);

      g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
      g_assert_true (g_file_set_contents (path, row->files[i].text, -1, NULL));
    }
  chosen = ta_portal_backend_choose (folders, row->desktops, ACCESS);
  g_assert_cmpstr (chosen, ==, expected);
  for (gsize i = 0; i < G_N_ELEMENTS (row->files) && row->files[i].name != NULL; i++)
    {
      g_autofree char *path = build_path (root, row->files[i].name);

      for (char *end = path + strlen (path); g_strcmp0 (path, root) != 0; *end = '\0')
        {
          g_remove (path);
          end = strrchr (path, '/');
        }
    }
  g_assert_cmpint (g_rmdir (root), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/portal-backend/UN-PB-01-choice", choices, check_choice);
  return g_test_run ();
}

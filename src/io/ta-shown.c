/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-shown.h"

#include "io/ta-own-file.h"

#include <fcntl.h>
#include <unistd.h>

/* Which notifications are on the screen, for the broker after this one: it has nobody else to learn
 * it from if this one is killed. The file is of one message bus, by whose id it is named, because a
 * server's unique name means nothing on another; each server is a group, each notification a key.
 * It goes with the runtime folder, at the end of the login, as the notifications do. All of this is
 * best effort. */

#define FILE_PREFIX "notifications-"
#define TEXT_MAX 65536

/* -1: there is none. `flags`: O_CREAT or nothing. */
static int
open_file (GDBusConnection *bus, int flags)
{
  g_autofree char *name = g_strconcat (FILE_PREFIX, g_dbus_connection_get_guid (bus), NULL);
  int folder = ta_own_file_open_folder (g_get_user_runtime_dir ());
  int fd = folder < 0 ? -1 : ta_own_file_open (folder, name, O_RDWR | flags);

  if (folder >= 0)
    close (folder);
  return fd;
}

/* What cannot be read is as if there were nothing. */
static GKeyFile *
load (int fd)
{
  GKeyFile *file = g_key_file_new ();
  g_autofree char *text = g_malloc0 (TEXT_MAX + 1);
  gssize length = pread (fd, text, TEXT_MAX, 0);

  if (length > 0)
    g_key_file_load_from_data (file, text, (gsize) length, G_KEY_FILE_NONE, NULL);
  return file;
}

static void
save (int fd, GKeyFile *file)
{
  gsize length;
  g_autofree char *text = g_key_file_to_data (file, &length, NULL);

  if (ftruncate (fd, 0) != 0 || pwrite (fd, text, length, 0) != (gssize) length)
    g_debug ("A notification may stay when the broker is killed");
}

/* `is_shown`: FALSE: it is gone. */
void
ta_shown_note (GDBusConnection *bus, const char *server, guint32 id, gboolean is_shown)
{
  g_autofree char *key = g_strdup_printf ("%u", id);
  g_autoptr (GKeyFile) file = NULL;
  int fd = open_file (bus, is_shown ? O_CREAT : 0);

  if (fd < 0)
    return;
  file = load (fd);
  if (is_shown)
    g_key_file_set_boolean (file, server, key, TRUE);
  else
    g_key_file_remove_key (file, server, key, NULL);
  save (fd, file);
  close (fd);
}

/* Forgets all, each of which `each` is told before. */
void
ta_shown_clear (GDBusConnection *bus, TaShownFunc each)
{
  int fd = open_file (bus, 0);
  g_autoptr (GKeyFile) file = fd < 0 ? NULL : load (fd);
  g_autoptr (GKeyFile) empty = g_key_file_new ();
  g_auto (GStrv) servers = file == NULL ? NULL : g_key_file_get_groups (file, NULL);

  for (gsize i = 0; servers != NULL && servers[i] != NULL; i++)
    {
      g_auto (GStrv) ids = g_key_file_get_keys (file, servers[i], NULL, NULL);

      for (gsize j = 0; ids != NULL && ids[j] != NULL; j++)
        if (g_dbus_is_unique_name (servers[i]))
          each (bus, servers[i], (guint32) g_ascii_strtoull (ids[j], NULL, 10));
    }
  if (servers != NULL && servers[0] != NULL)
    save (fd, empty);
  if (fd >= 0)
    close (fd);
}

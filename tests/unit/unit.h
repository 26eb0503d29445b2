/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <glib/gstdio.h>

#include <string.h>

G_BEGIN_DECLS

/* Each row of a table is a case of its own: the first field of a row is its id, `check` gets a
 * pointer to the row. */
#define UNIT_ADD_ROWS(group, rows, check)                                                          \
  for (gsize row = 0; row < G_N_ELEMENTS (rows); row++)                                            \
    {                                                                                              \
      g_autofree char *path = g_strconcat (group "/", (rows)[row].id, NULL);                       \
                                                                                                   \
      g_test_add_data_func (path, &(rows)[row], check);                                            \
    }

/* Fails unless it is the error and its message may leave the process: one printable ASCII sentence
 * of at most 200 characters. */
static inline void
unit_assert_error (const GError *error, GQuark domain, int code)
{
  g_assert_error (error, domain, code);
  g_assert_cmpuint (strlen (error->message), >, 0);
  g_assert_cmpuint (strlen (error->message), <=, 200);
  for (const char *c = error->message; *c != '\0'; c++)
    g_assert_true (*c >= 0x20 && *c <= 0x7e);
}

/* The text `count` times; free with g_free(). */
static inline char *
unit_repeat (const char *text, gsize count)
{
  GString *repeated = g_string_new (NULL);

  for (gsize i = 0; i < count; i++)
    g_string_append (repeated, text);
  return g_string_free (repeated, FALSE);
}

/* How many descriptors this process has open. */
static inline guint
unit_count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir) != NULL)
    count++;
  return count;
}

/* Waits until the file was changed, or put in its place, long enough ago for what was read of it to
 * be kept. That time is the kernel's: nobody can set it. */
static inline void
unit_let_settle (const char *path)
{
  GStatBuf info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  while (g_get_real_time () / G_USEC_PER_SEC - info.st_ctim.tv_sec < 2)
    g_usleep (G_USEC_PER_SEC / 50);
}

G_END_DECLS

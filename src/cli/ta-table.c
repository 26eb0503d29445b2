/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-table.h"

#include "ta-cli.h"

/* Tables for people: columns as wide as what is in them, two spaces apart. */

/* In cells of a terminal. */
static glong
get_width (const char *text)
{
  glong width = 0;

  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar character = g_utf8_get_char (c);

      if (!g_unichar_iszerowidth (character))
        width += g_unichar_iswide (character) ? 2 : 1;
    }
  return width;
}

static GArray *
measure (GPtrArray *rows)
{
  GArray *widths = g_array_new (FALSE, TRUE, sizeof (glong));

  for (guint i = 0; i < rows->len; i++)
    {
      char **row = rows->pdata[i];

      for (guint column = 0; row[column] != NULL; column++)
        {
          glong width = get_width (row[column]);

          if (column >= widths->len)
            g_array_set_size (widths, column + 1);
          if (width > g_array_index (widths, glong, column))
            g_array_index (widths, glong, column) = width;
        }
    }
  return widths;
}

/* Rows are arrays of cells, which end with NULL. The lines have no end after the last one. */
char *
ta_table_align (GPtrArray *rows)
{
  g_autoptr (GArray) widths = measure (rows);
  GString *table = g_string_new (NULL);

  for (guint i = 0; i < rows->len; i++)
    {
      char **row = rows->pdata[i];

      if (i > 0)
        g_string_append_c (table, '\n');
      for (guint column = 0; row[column] != NULL; column++)
        {
          glong width = g_array_index (widths, glong, column);

          g_string_append (table, row[column]);
          if (row[column + 1] != NULL)
            g_string_append_printf (table, "%*s", (int) (width - get_width (row[column])) + 2, "");
        }
    }
  return g_string_free (table, FALSE);
}

/* `rows` get the titles, which end with NULL, in front. */
gboolean
ta_table_print (const char *const *titles, GPtrArray *rows, GError **error)
{
  g_autofree char *table = NULL;

  g_ptr_array_insert (rows, 0, g_strdupv ((char **) titles));
  table = ta_table_align (rows);
  return ta_cli_print (error, "%s", table);
}

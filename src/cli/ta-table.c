/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-table.h"

/* Tables for people: columns as wide as what is in them, two spaces apart. */

static GArray *
measure (GPtrArray *rows)
{
  GArray *widths = g_array_new (FALSE, TRUE, sizeof (glong));

  for (guint i = 0; i < rows->len; i++)
    {
      char **row = rows->pdata[i];

      for (guint column = 0; row[column] != NULL; column++)
        {
          glong width = g_utf8_strlen (row[column], -1);

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
            g_string_append_printf (table, "%*s",
                                    (int) (width - g_utf8_strlen (row[column], -1)) + 2, "");
        }
    }
  return g_string_free (table, FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-app-list.h"

#include "ta-cli.h"
#include "ta-permissions.h"
#include "ta-table.h"

#include <glib/gi18n.h>
#include <string.h>

/* One line of the list. */
typedef struct
{
  char *application;  /* (owned) */
  char *account;      /* (owned) */
  char **permissions; /* (owned) */
} Entry;

static void
entry_free (Entry *entry)
{
  g_free (entry->application);
  g_free (entry->account);
  g_strfreev (entry->permissions);
  g_free (entry);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const Entry *left = *(const Entry *const *) a;
  const Entry *right = *(const Entry *const *) b;
  int order = strcmp (left->application, right->application);

  return order != 0 ? order : strcmp (left->account, right->account);
}

static GPtrArray *
load (GDBusConnection *bus, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_free);
  g_auto (GStrv) accounts = ta_permissions_list_accounts (bus, error);

  if (accounts == NULL)
    return NULL;
  for (gsize i = 0; accounts[i] != NULL; i++)
    {
      g_autoptr (GVariant) applications = ta_permissions_load (bus, accounts[i], error);
      GVariantIter iter;
      const char *application;
      char **permissions;

      if (applications == NULL)
        return NULL;
      g_variant_iter_init (&iter, applications);
      while (g_variant_iter_next (&iter, "{&s^as}", &application, &permissions))
        {
          Entry *entry = g_new0 (Entry, 1);

          entry->application = g_strdup (application);
          entry->account = g_strdup (accounts[i]);
          entry->permissions = permissions;
          g_ptr_array_add (entries, entry);
        }
    }
  g_ptr_array_sort (entries, compare);
  return g_steal_pointer (&entries);
}

static gboolean
print_json (GPtrArray *entries, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_array (builder);
  for (guint i = 0; i < entries->len; i++)
    {
      const Entry *entry = entries->pdata[i];

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "app");
      json_builder_add_string_value (builder, entry->application);
      json_builder_set_member_name (builder, "account");
      json_builder_add_string_value (builder, entry->account);
      json_builder_set_member_name (builder, "permissions");
      json_builder_begin_array (builder);
      for (gsize j = 0; entry->permissions[j] != NULL; j++)
        json_builder_add_string_value (builder, entry->permissions[j]);
      json_builder_end_array (builder);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  return ta_cli_print_json (builder, error);
}

/* Any program of the user may have put anything there: it must not move the terminal's cursor. */
static char **
create_row (const Entry *entry)
{
  g_autofree char *permissions = g_strjoinv (", ", entry->permissions);
  char **row = g_new0 (char *, 4);

  row[0] = g_strescape (entry->application, NULL);
  row[1] = g_strescape (entry->account, NULL);
  row[2] = g_strescape (permissions, NULL);
  return row;
}

static gboolean
print_table (GPtrArray *entries, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  const char *titles[] = { _ ("APPLICATION"), _ ("ACCOUNT"), _ ("PERMISSIONS"), NULL };

  for (guint i = 0; i < entries->len; i++)
    g_ptr_array_add (rows, create_row (entries->pdata[i]));
  return ta_table_print (titles, rows, error);
}

/* Prints what every application may do, for people or as JSON. */
gboolean
ta_app_list_print (GDBusConnection *bus, gboolean json, GError **error)
{
  g_autoptr (GPtrArray) entries = load (bus, error);

  if (entries == NULL)
    return FALSE;
  if (json)
    return print_json (entries, error);
  if (entries->len > 0)
    return print_table (entries, error);
  ta_cli_warn (_ ("No application was allowed or denied anything yet"));
  return TRUE;
}

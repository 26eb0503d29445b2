/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-audience.h"

/* Who may hear of all accounts: the programs of the host that are on the bus now. The bus is asked
 * each time, so that the broker need not be told of every program that comes and goes; who was
 * identified once is known. */

#define BUS "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"
#define TIMEOUT_MS 5000

typedef struct
{
  TaApplications *applications; /* (owned) */
  GPtrArray *hosts;             /* (owned): unique names */
  guint n_pending;
} Round;

/* A program that is looked up. */
typedef struct
{
  GTask *task; /* (owned) */
  char *name;  /* (owned) */
} Search;

static void
round_free (gpointer data)
{
  Round *round = data;

  g_object_unref (round->applications);
  g_ptr_array_unref (round->hosts);
  g_free (round);
}

static void
finish_one (GTask *task)
{
  Round *round = g_task_get_task_data (task);

  if (--round->n_pending == 0)
    g_task_return_pointer (task, g_ptr_array_ref (round->hosts),
                           (GDestroyNotify) g_ptr_array_unref);
}

static void
add (Round *round, const TaApplication *application, const char *name)
{
  if (application->trust == TA_TRUST_HOST)
    g_ptr_array_add (round->hosts, g_strdup (name));
}

static void
lookup_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Search *search = user_data;
  g_autoptr (TaApplication) application
      = ta_applications_lookup_finish (TA_APPLICATIONS (source), result);

  add (g_task_get_task_data (search->task), application, search->name);
  finish_one (search->task);
  g_object_unref (search->task);
  g_free (search->name);
  g_free (search);
}

static void
look_up (GTask *task, const char *name)
{
  Round *round = g_task_get_task_data (task);
  const TaApplication *application = ta_applications_peek (round->applications, name);
  Search *search;

  if (application != NULL)
    {
      add (round, application, name);
      return;
    }
  search = g_new0 (Search, 1);
  search->task = g_object_ref (task);
  search->name = g_strdup (name);
  round->n_pending++;
  ta_applications_lookup_async (round->applications, name, lookup_cb, search);
}

static void
list_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusConnection *bus = G_DBUS_CONNECTION (source);
  g_autoptr (GTask) task = user_data;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (bus, result, NULL);
  g_autoptr (GVariantIter) names = NULL;
  const char *name;

  if (reply != NULL)
    g_variant_get (reply, "(as)", &names);
  while (names != NULL && g_variant_iter_next (names, "&s", &name))
    if (g_dbus_is_unique_name (name)
        && g_strcmp0 (name, g_dbus_connection_get_unique_name (bus)) != 0)
      look_up (task, name);
  finish_one (task);
}

/* Does not fail: nobody is found then. It takes longer than asking the bus if there are programs
 * that were not looked up before. */
void
ta_audience_find_async (GDBusConnection *bus, TaApplications *applications,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (bus, NULL, callback, user_data);
  Round *round = g_new0 (Round, 1);

  round->applications = g_object_ref (applications);
  round->hosts = g_ptr_array_new_with_free_func (g_free);
  round->n_pending = 1;
  g_task_set_task_data (task, round, round_free);
  g_dbus_connection_call (bus, BUS, "ListNames", NULL, G_VARIANT_TYPE ("(as)"),
                          G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, list_cb, task);
}

/* (element-type utf8) (transfer full): unique names. */
GPtrArray *
ta_audience_find_finish (GDBusConnection *bus, GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, bus), NULL);
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

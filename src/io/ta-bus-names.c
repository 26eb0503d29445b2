/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-bus-names.h"

/* What a message bus says of names, in three questions that start nobody: who is there -> who would
 * be started -> who waits for one name in particular. */

#define TIMEOUT_MS 4000

struct _TaBusNames
{
  GStrv owned;       /* (owned) (nullable) */
  GStrv activatable; /* (owned) (nullable) */
  guint n_owners;    /* of the one name: who has it, and who waits for it */
};

typedef struct
{
  char *name;        /* (owned): of which is asked who waits for it */
  TaBusNames *names; /* (owned) (nullable): NULL once handed out */
} Load;

static void
load_free (Load *load)
{
  g_free (load->name);
  g_clear_pointer (&load->names, ta_bus_names_free);
  g_free (load);
}

static void
ask (GTask *task, const char *method, GVariant *arguments, GAsyncReadyCallback callback)
{
  g_dbus_connection_call (g_task_get_source_object (task), "org.freedesktop.DBus",
                          "/org/freedesktop/DBus", "org.freedesktop.DBus", method, arguments,
                          G_VARIANT_TYPE ("(as)"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS,
                          g_task_get_cancellable (task), callback, task);
}

static GStrv
take (GObject *source, GAsyncResult *result, GError **error)
{
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, error);
  GStrv names = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(^as)", &names);
  return names;
}

/* That nobody has the name is an error to the bus. */
static void
owners_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  g_auto (GStrv) owners = take (source, result, NULL);

  load->names->n_owners = owners == NULL ? 0 : g_strv_length (owners);
  g_task_return_pointer (task, g_steal_pointer (&load->names), (GDestroyNotify) ta_bus_names_free);
}

static void
activatable_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;

  load->names->activatable = take (source, result, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    ask (g_steal_pointer (&task), "ListQueuedOwners", g_variant_new ("(s)", load->name), owners_cb);
}

static void
owned_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;

  load->names->owned = take (source, result, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    ask (g_steal_pointer (&task), "ListActivatableNames", NULL, activatable_cb);
}

/* `name`: of which is asked who waits for it. */
void
ta_bus_names_load_async (GDBusConnection *bus, const char *name, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (bus, cancellable, callback, user_data);
  Load *load = g_new0 (Load, 1);

  g_task_set_source_tag (task, ta_bus_names_load_async);
  load->name = g_strdup (name);
  load->names = g_new0 (TaBusNames, 1);
  g_task_set_task_data (task, load, (GDestroyNotify) load_free);
  ask (task, "ListNames", NULL, owned_cb);
}

/* (transfer full) */
TaBusNames *
ta_bus_names_load_finish (GDBusConnection *bus, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, bus), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
ta_bus_names_is_owned (const TaBusNames *self, const char *name)
{
  return g_strv_contains ((const char *const *) self->owned, name);
}

/* Whether a call to the name would find somebody. */
gboolean
ta_bus_names_is_reachable (const TaBusNames *self, const char *name)
{
  return ta_bus_names_is_owned (self, name)
         || g_strv_contains ((const char *const *) self->activatable, name);
}

/* Whether somebody waits for the one name to become free. */
gboolean
ta_bus_names_is_coveted (const TaBusNames *self)
{
  return self->n_owners > 1;
}

void
ta_bus_names_free (TaBusNames *self)
{
  g_strfreev (self->owned);
  g_strfreev (self->activatable);
  g_free (self);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-applications.h"

#include "ta-identify.h"

/* A unique name is never given twice on a bus, so who is behind it is looked up once, for all who
 * want to know, and kept until the name leaves. Who could not be identified is looked up again the
 * next time: the name may have left before the bus was asked to tell. */

struct _TaApplications
{
  GObject parent_instance;

  GDBusConnection *bus; /* (owned) */
  GHashTable *entries;  /* (owned): unique name -> Entry */
};

G_DEFINE_FINAL_TYPE (TaApplications, ta_applications, G_TYPE_OBJECT)

/* Held by the table, by its look-up and by those who watch. */
typedef struct
{
  TaApplications *all; /* (unowned): not gone before those who wait */
  char *name;          /* (owned) */
  guint watch;
  TaApplication *application; /* (owned) (nullable): not known yet */
  GPtrArray *waiters;         /* (owned): GTask */
  GList *watches;             /* (element-type TaApplicationsWatch): unowned */
} Entry;

struct _TaApplicationsWatch
{
  Entry *entry; /* (owned) (nullable) */
  guint id;     /* of GDBus, if there is no entry */
  TaApplicationsLeftFunc left;
  gpointer user_data;
};

static void
clear_entry (void *data)
{
  Entry *entry = data;

  g_clear_pointer (&entry->application, ta_application_unref);
  g_ptr_array_unref (entry->waiters);
  g_free (entry->name);
}

static void
entry_unref (Entry *entry)
{
  g_rc_box_release_full (entry, clear_entry);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Entry, entry_unref)

/* It is in the table no longer; its look-up may go on. */
static void
drop_entry (void *data)
{
  Entry *entry = data;

  g_dbus_connection_signal_unsubscribe (entry->all->bus, entry->watch);
  entry_unref (entry);
}

static void
on_owner_changed (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
                  const char *member, GVariant *arguments, gpointer user_data)
{
  g_autoptr (Entry) entry = g_rc_box_acquire (user_data);

  g_hash_table_remove (entry->all->entries, entry->name);
  while (entry->watches != NULL)
    {
      TaApplicationsWatch *watch = entry->watches->data;

      entry->watches = g_list_delete_link (entry->watches, entry->watches);
      watch->left (watch->user_data);
    }
}

static Entry *
add_entry (TaApplications *self, const char *name)
{
  Entry *entry = g_rc_box_new0 (Entry);

  entry->all = self;
  entry->name = g_strdup (name);
  entry->waiters = g_ptr_array_new_with_free_func (g_object_unref);
  entry->watch = g_dbus_connection_signal_subscribe (
      self->bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
      "/org/freedesktop/DBus", name, G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed, entry, NULL);
  g_hash_table_insert (self->entries, entry->name, entry);
  return entry;
}

static void
return_application (GTask *task, TaApplication *application)
{
  g_task_return_pointer (task, ta_application_ref (application),
                         (GDestroyNotify) ta_application_unref);
}

static void
on_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  TaApplicationsWatch *watch = user_data;

  watch->left (watch->user_data);
}

/* Without an entry: GDBus also asks whether the name left already. */
static void
watch_alone (TaApplicationsWatch *watch, GDBusConnection *bus, const char *name)
{
  watch->id = g_bus_watch_name_on_connection (bus, name, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                              on_vanished, watch, NULL);
}

/* Who was not identified may have left before the bus was asked to tell. */
static void
let_go (Entry *entry)
{
  g_autoptr (GList) watches = g_steal_pointer (&entry->watches);

  for (GList *link = watches; link != NULL; link = link->next)
    {
      TaApplicationsWatch *watch = link->data;

      g_clear_pointer (&watch->entry, entry_unref);
      watch_alone (watch, entry->all->bus, entry->name);
    }
}

static void
identify_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Entry) entry = user_data;
  g_autoptr (TaApplication) application = ta_identify_finish (result);
  g_autoptr (GPtrArray) waiters = g_steal_pointer (&entry->waiters);
  TaApplications *self = entry->all;

  entry->waiters = g_ptr_array_new_with_free_func (g_object_unref);
  entry->application = ta_application_ref (application);
  if (application->trust == TA_TRUST_UNIDENTIFIED
      && g_hash_table_lookup (self->entries, entry->name) == entry)
    {
      let_go (entry);
      g_hash_table_remove (self->entries, entry->name);
    }
  for (guint i = 0; i < waiters->len; i++)
    return_application (waiters->pdata[i], application);
}

/* (nullable) (transfer none): not known yet. Sends nothing. */
TaApplication *
ta_applications_peek (TaApplications *self, const char *name)
{
  Entry *entry = g_hash_table_lookup (self->entries, name);

  return entry == NULL ? NULL : entry->application;
}

void
ta_applications_lookup_async (TaApplications *self, const char *name, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  Entry *entry = g_hash_table_lookup (self->entries, name);
  gboolean is_new = entry == NULL;

  g_task_set_source_tag (task, ta_applications_lookup_async);
  if (is_new)
    entry = add_entry (self, name);
  if (entry->application != NULL)
    {
      return_application (task, entry->application);
      return;
    }
  g_ptr_array_add (entry->waiters, g_steal_pointer (&task));
  if (is_new)
    ta_identify_async (self->bus, name, identify_cb, g_rc_box_acquire (entry));
}

/* Never fails: what cannot be told is unidentified. */
TaApplication *
ta_applications_lookup_finish (TaApplications *self, GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

/* (transfer full): calls `left` when the name leaves the bus, or if it left already, at most once.
 * Sends nothing if the name is or was looked up, for the bus tells of it anyway. */
TaApplicationsWatch *
ta_applications_watch (TaApplications *self, const char *name, TaApplicationsLeftFunc left,
                       gpointer user_data)
{
  Entry *entry = g_hash_table_lookup (self->entries, name);
  TaApplicationsWatch *watch = g_new0 (TaApplicationsWatch, 1);

  watch->left = left;
  watch->user_data = user_data;
  if (entry != NULL)
    {
      watch->entry = g_rc_box_acquire (entry);
      entry->watches = g_list_prepend (entry->watches, watch);
    }
  else
    watch_alone (watch, self->bus, name);
  return watch;
}

void
ta_applications_unwatch (TaApplicationsWatch *watch)
{
  g_clear_handle_id (&watch->id, g_bus_unwatch_name);
  if (watch->entry != NULL)
    watch->entry->watches = g_list_remove (watch->entry->watches, watch);
  g_clear_pointer (&watch->entry, entry_unref);
  g_free (watch);
}

static void
ta_applications_init (TaApplications *self)
{
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, drop_entry);
}

static void
ta_applications_finalize (GObject *object)
{
  TaApplications *self = TA_APPLICATIONS (object);

  g_hash_table_unref (self->entries);
  g_object_unref (self->bus);
  G_OBJECT_CLASS (ta_applications_parent_class)->finalize (object);
}

static void
ta_applications_class_init (TaApplicationsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_applications_finalize;
}

TaApplications *
ta_applications_new (GDBusConnection *bus)
{
  TaApplications *self = g_object_new (TA_TYPE_APPLICATIONS, NULL);

  self->bus = g_object_ref (bus);
  return self;
}

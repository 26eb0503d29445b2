/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-in-objects.h"

/* The sign-ins on the bus: each is there from its start until nobody can want its result any more,
 * whoever started it. Their numbers are not used again. */

#define PATH "/org/tidio/Auth/SignIns/"
#define INTERFACE "org.tidio.Auth.SignIn"

struct _TaSignInObjects
{
  GObject parent_instance;

  TaAdmission *admission;            /* (unowned) */
  TaSignIns *sign_ins;               /* (owned) */
  GDBusObjectManagerServer *manager; /* (owned) */
  GHashTable *objects;               /* (owned): TaSignIn (unowned) to TaSignInObject (owned) */
  guint count;                       /* so far */
};

G_DEFINE_FINAL_TYPE (TaSignInObjects, ta_sign_in_objects, G_TYPE_OBJECT)

static void
on_expired (TaSignIn *sign_in, TaSignInObjects *self)
{
  TaSignInObject *object = g_hash_table_lookup (self->objects, sign_in);
  g_autoptr (GDBusObject) exported = g_dbus_interface_dup_object (G_DBUS_INTERFACE (object));

  g_dbus_object_manager_server_unexport (self->manager, g_dbus_object_get_object_path (exported));
  g_hash_table_remove (self->objects, sign_in);
}

static void
on_added (TaSignIns *sign_ins, TaSignIn *sign_in, TaSignInObjects *self)
{
  TaSignInObject *object = ta_sign_in_object_new (self->admission, sign_in);
  g_autofree char *path = g_strdup_printf (PATH "%u", ++self->count);
  g_autoptr (TaDBusObjectSkeleton) exported = ta_dbus_object_skeleton_new (path);

  g_hash_table_insert (self->objects, sign_in, object);
  g_signal_connect_object (sign_in, "expired", G_CALLBACK (on_expired), self, 0);
  g_dbus_object_skeleton_add_interface (G_DBUS_OBJECT_SKELETON (exported),
                                        G_DBUS_INTERFACE_SKELETON (object));
  g_dbus_object_manager_server_export (self->manager, G_DBUS_OBJECT_SKELETON (exported));
}

/* Owned by this object. */
TaSignIns *
ta_sign_in_objects_get_sign_ins (TaSignInObjects *self)
{
  return self->sign_ins;
}

/* Owned by this object. */
TaSignInObject *
ta_sign_in_objects_find (TaSignInObjects *self, TaSignIn *sign_in)
{
  return g_hash_table_lookup (self->objects, sign_in);
}

/* How many there have been: it tells a sign-in that was started from one that was joined. */
guint
ta_sign_in_objects_get_count (TaSignInObjects *self)
{
  return self->count;
}

/* (nullable): the unique name of who started the sign-in at this path; NULL if there is none. */
const char *
ta_sign_in_objects_get_starter (TaSignInObjects *self, const char *path)
{
  g_autoptr (GDBusInterface) object = g_dbus_object_manager_get_interface (
      G_DBUS_OBJECT_MANAGER (self->manager), path, INTERFACE);

  return object == NULL ? NULL : ta_sign_in_object_get_starter (TA_SIGN_IN_OBJECT (object));
}

/* (element-type TaSignInObject) (transfer container): those that the program of this unique name
 * started. */
GPtrArray *
ta_sign_in_objects_list_of (TaSignInObjects *self, const char *starter)
{
  GPtrArray *found = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer object;

  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    if (g_strcmp0 (ta_sign_in_object_get_starter (object), starter) == 0)
      g_ptr_array_add (found, object);
  return found;
}

static void
ta_sign_in_objects_init (TaSignInObjects *self)
{
  self->objects = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
}

static void
ta_sign_in_objects_finalize (GObject *object)
{
  TaSignInObjects *self = TA_SIGN_IN_OBJECTS (object);

  g_object_unref (self->manager);
  g_hash_table_unref (self->objects);
  g_object_unref (self->sign_ins);
  G_OBJECT_CLASS (ta_sign_in_objects_parent_class)->finalize (object);
}

static void
ta_sign_in_objects_class_init (TaSignInObjectsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_sign_in_objects_finalize;
}

TaSignInObjects *
ta_sign_in_objects_new (TaAdmission *admission, TaSignIns *sign_ins,
                        GDBusObjectManagerServer *manager)
{
  TaSignInObjects *self = g_object_new (TA_TYPE_SIGN_IN_OBJECTS, NULL);

  self->admission = admission;
  self->sign_ins = g_object_ref (sign_ins);
  self->manager = g_object_ref (manager);
  g_signal_connect_object (sign_ins, "added", G_CALLBACK (on_added), self, 0);
  return self;
}

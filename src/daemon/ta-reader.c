/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-reader.h"

#include "daemon/ta-introspection.h"
#include "daemon/ta-sign-in-view.h"

#include <string.h>

/* What programs see that are not of the host: the object /org/tidio/Auth with its version, and the
 * sign-ins that a sandboxed program started itself, without what is not shown to it. All else is
 * answered like a path where nothing is, so that no answer tells an account that exists from one
 * that does not. */

#define PATH "/org/tidio/Auth"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define INVALID_ARGS "org.freedesktop.DBus.Error.InvalidArgs"
#define UNKNOWN_METHOD "org.freedesktop.DBus.Error.UnknownMethod"
#define NOT_AUTHORIZED "org.tidio.Auth.Error.NotAuthorized"

struct _TaReader
{
  TaDBusAuth *service;       /* (unowned) */
  TaSignInObjects *sign_ins; /* (owned) */
};

static GDBusMessage *
answer (GDBusMessage *call, GVariant *body)
{
  GDBusMessage *reply = g_dbus_message_new_method_reply (call);

  g_dbus_message_set_body (reply, body);
  return reply;
}

static GDBusMessage *
refuse (GDBusMessage *call, const char *name, const char *message)
{
  return g_dbus_message_new_method_error_literal (call, name, message);
}

static gboolean
is_call_of (GDBusMessage *call, const char *interface, const char *member)
{
  return g_strcmp0 (g_dbus_message_get_interface (call), interface) == 0
         && g_str_equal (g_dbus_message_get_member (call), member);
}

static gboolean
has_arguments (GDBusMessage *call, const char *signature)
{
  return g_str_equal (g_dbus_message_get_signature (call), signature);
}

static char *
path_of (TaSignInObject *object)
{
  g_autoptr (GDBusObject) exported = g_dbus_interface_dup_object (G_DBUS_INTERFACE (object));

  return g_strdup (g_dbus_object_get_object_path (exported));
}

/* The sign-ins that the caller may see. */
static GPtrArray *
list_shown (TaReader *self, GDBusMessage *call, const TaApplication *application)
{
  if (application->trust != TA_TRUST_SANDBOXED)
    return g_ptr_array_new ();
  return ta_sign_in_objects_list_of (self->sign_ins, g_dbus_message_get_sender (call));
}

/* Names of what is right below the path on the way to an object that is shown. */
static GStrv
list_children (const char *path, GPtrArray *shown)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *folder = g_strconcat (path, "/", NULL);

  for (guint i = 0; i < shown->len; i++)
    {
      g_autofree char *object = path_of (shown->pdata[i]);
      g_auto (GStrv) rest = NULL;

      if (!g_str_has_prefix (object, folder))
        continue;
      rest = g_strsplit (object + strlen (folder), "/", 2);
      if (g_hash_table_add (seen, g_strdup (rest[0])))
        g_strv_builder_add (builder, rest[0]);
    }
  return g_strv_builder_end (builder);
}

static GDBusMessage *
introspect (TaReader *self, GDBusMessage *call, GPtrArray *shown)
{
  const char *path = g_dbus_message_get_path (call);
  g_auto (GStrv) children = list_children (path, shown);
  g_autofree char *text
      = ta_introspection_new (g_str_equal (path, PATH) ? ta_dbus_auth_interface_info () : NULL,
                              (const char *const *) children);

  return answer (call, g_variant_new ("(s)", text));
}

static const char *
interface_of (TaSignInObject *object)
{
  return g_dbus_interface_skeleton_get_info (G_DBUS_INTERFACE_SKELETON (object))->name;
}

/* (transfer full) */
static GVariant *
describe_sign_in (TaSignInObject *object)
{
  g_autoptr (GVariant) properties
      = g_dbus_interface_skeleton_get_properties (G_DBUS_INTERFACE_SKELETON (object));

  return g_variant_ref_sink (ta_sign_in_view_new (properties));
}

static GDBusMessage *
get_managed_objects (GDBusMessage *call, GPtrArray *shown)
{
  g_auto (GVariantBuilder) objects = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{oa{sa{sv}}}"));

  for (guint i = 0; i < shown->len; i++)
    {
      g_autofree char *path = path_of (shown->pdata[i]);
      g_autoptr (GVariant) properties = describe_sign_in (shown->pdata[i]);

      g_variant_builder_open (&objects, G_VARIANT_TYPE ("{oa{sa{sv}}}"));
      g_variant_builder_add (&objects, "o", path);
      g_variant_builder_open (&objects, G_VARIANT_TYPE ("a{sa{sv}}"));
      g_variant_builder_add (&objects, "{s@a{sv}}", interface_of (shown->pdata[i]), properties);
      g_variant_builder_close (&objects);
      g_variant_builder_close (&objects);
    }
  return answer (call, g_variant_new ("(@a{oa{sa{sv}}})", g_variant_builder_end (&objects)));
}

/* (transfer full): the properties of /org/tidio/Auth. */
static GVariant *
describe (TaReader *self)
{
  GVariantDict properties;

  g_variant_dict_init (&properties, NULL);
  g_variant_dict_insert (&properties, "Version", "u", ta_dbus_auth_get_version (self->service));
  g_variant_dict_insert (&properties, "DefaultAccount", "s", "");
  return g_variant_ref_sink (g_variant_dict_end (&properties));
}

static GDBusMessage *
get (GDBusMessage *call, const char *of, GVariant *properties)
{
  g_autoptr (GVariant) value = NULL;
  const char *interface;
  const char *name;

  g_variant_get (g_dbus_message_get_body (call), "(&s&s)", &interface, &name);
  value = g_variant_lookup_value (properties, name, NULL);
  if (value == NULL || (*interface != '\0' && !g_str_equal (interface, of)))
    return refuse (call, INVALID_ARGS, "There is no such property");
  return answer (call, g_variant_new ("(v)", value));
}

static GDBusMessage *
get_all (GDBusMessage *call, const char *of, GVariant *properties)
{
  const char *interface;

  g_variant_get (g_dbus_message_get_body (call), "(&s)", &interface);
  if (*interface != '\0' && !g_str_equal (interface, of))
    return refuse (call, INVALID_ARGS, "There is no such interface");
  return answer (call, g_variant_new ("(@a{sv})", properties));
}

/* (nullable): NULL: it is no call that reads properties. `of`: the interface that has them. */
static GDBusMessage *
read_properties (GDBusMessage *call, const char *of, GVariant *properties)
{
  if (is_call_of (call, PROPERTIES, "Get") && has_arguments (call, "ss"))
    return get (call, of, properties);
  if (is_call_of (call, PROPERTIES, "GetAll") && has_arguments (call, "s"))
    return get_all (call, of, properties);
  return NULL;
}

/* (nullable): NULL: the same. */
static GDBusMessage *
read_sign_in (GDBusMessage *call, TaSignInObject *object)
{
  g_autoptr (GVariant) properties = describe_sign_in (object);

  return read_properties (call, interface_of (object), properties);
}

static GDBusMessage *
read_service (TaReader *self, GDBusMessage *call, GPtrArray *shown)
{
  g_autoptr (GVariant) properties = describe (self);
  GDBusMessage *reply = read_properties (call, "org.tidio.Auth", properties);

  if (reply != NULL)
    return reply;
  if (is_call_of (call, PROPERTIES, "Set"))
    return refuse (call, NOT_AUTHORIZED,
                   "This program may not set that: set it with tidio-auth outside of the sandbox");
  if (is_call_of (call, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
      && has_arguments (call, ""))
    return get_managed_objects (call, shown);
  return refuse (call, UNKNOWN_METHOD, "There is no such method with such arguments");
}

/* `service` has to be there as long as the reader. */
TaReader *
ta_reader_new (TaDBusAuth *service, TaSignInObjects *sign_ins)
{
  TaReader *self = g_new0 (TaReader, 1);

  self->service = service;
  self->sign_ins = g_object_ref (sign_ins);
  return self;
}

void
ta_reader_free (TaReader *self)
{
  g_object_unref (self->sign_ins);
  g_free (self);
}

/* (transfer full) (nullable): what to answer to a program that is not of the host. NULL: the object
 * is its own, and may answer by itself, since nobody reads its properties. */
GDBusMessage *
ta_reader_answer (TaReader *self, GDBusMessage *call, const TaApplication *application)
{
  g_autoptr (GPtrArray) shown = list_shown (self, call, application);
  const char *path = g_dbus_message_get_path (call);

  for (guint i = 0; i < shown->len; i++)
    {
      g_autofree char *own = path_of (shown->pdata[i]);

      if (g_str_equal (own, path))
        return read_sign_in (call, shown->pdata[i]);
    }
  if (is_call_of (call, "org.freedesktop.DBus.Introspectable", "Introspect")
      && has_arguments (call, ""))
    return introspect (self, call, shown);
  if (g_str_equal (path, PATH))
    return read_service (self, call, shown);
  return refuse (call, UNKNOWN_METHOD, "There is no object at this path");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-in-view.h"

/* What a program that is not of the host sees of a sign-in that it started: how it goes, but
 * neither the address nor the code that it goes on with. With these it could have somebody else
 * sign in. */

#define PROPERTIES "a{sv}"
#define INTERFACES "a{sa{sv}}"

/* (floating): of its properties, or some of them (a{sv}), what is shown. */
GVariant *
ta_sign_in_view_new (GVariant *properties)
{
  const char *const hidden[] = { "Uri", "UserCode", "VerificationUri" };
  GVariantDict shown;

  g_variant_dict_init (&shown, properties);
  for (gsize i = 0; i < G_N_ELEMENTS (hidden); i++)
    if (g_variant_dict_contains (&shown, hidden[i]))
      g_variant_dict_insert (&shown, hidden[i], "s", "");
  return g_variant_dict_end (&shown);
}

/* (floating) */
static GVariant *
view_interfaces (GVariant *interfaces)
{
  GVariantBuilder builder;
  GVariantIter iter;
  const char *name;
  GVariant *properties;

  g_variant_builder_init (&builder, G_VARIANT_TYPE (INTERFACES));
  g_variant_iter_init (&iter, interfaces);
  while (g_variant_iter_loop (&iter, "{&s@" PROPERTIES "}", &name, &properties))
    g_variant_builder_add (&builder, "{s@" PROPERTIES "}", name, ta_sign_in_view_new (properties));
  return g_variant_builder_end (&builder);
}

/* (floating): any value, without what is hidden in it. */
static GVariant *
view (GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE (PROPERTIES)))
    return ta_sign_in_view_new (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE (INTERFACES)))
    return view_interfaces (value);
  return value;
}

/* (transfer full): what is sent of a signal about the sign-in, which is one of its own or of the
 * object manager's. */
GDBusMessage *
ta_sign_in_view_new_signal (GDBusMessage *signal)
{
  GDBusMessage *copy = g_dbus_message_copy (signal, NULL);
  GVariant *body = g_dbus_message_get_body (signal);
  GVariantBuilder builder;
  GVariantIter iter;
  GVariant *child;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_TUPLE);
  g_variant_iter_init (&iter, body);
  while ((child = g_variant_iter_next_value (&iter)) != NULL)
    {
      g_variant_builder_add_value (&builder, view (child));
      g_variant_unref (child);
    }
  g_dbus_message_set_body (copy, g_variant_builder_end (&builder));
  return copy;
}

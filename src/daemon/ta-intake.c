/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-intake.h"

/* A filter in front of GDBus, in a thread of its own, that makes calls no larger than they have to
 * be. Whatever a message brings stays until it is answered, and that may take as long as somebody
 * thinks about a question: so what is larger than any body may be goes no further, nor what brings
 * descriptors that no method takes. */

#define INTERFACE "org.tidio.Auth"
#define OPEN_API "OpenApi"

/* More than a body of CallApi may have, which says more exactly what is wrong with a larger one. */
#define SIZE_MAX_MIB 16

/* The one descriptor that a method takes is the body of OpenApi. */
static gboolean
has_foreign_descriptors (GDBusMessage *message)
{
  GUnixFDList *fds = g_dbus_message_get_unix_fd_list (message);

  if (fds == NULL || g_unix_fd_list_get_length (fds) == 0)
    return FALSE;
  return g_unix_fd_list_get_length (fds) > 1
         || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL
         || g_strcmp0 (g_dbus_message_get_interface (message), INTERFACE) != 0
         || g_strcmp0 (g_dbus_message_get_member (message), OPEN_API) != 0;
}

static void
refuse (GDBusConnection *bus, GDBusMessage *call, const char *message)
{
  g_autoptr (GDBusMessage) reply = NULL;

  if (g_dbus_message_get_message_type (call) != G_DBUS_MESSAGE_TYPE_METHOD_CALL
      || (g_dbus_message_get_flags (call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) != 0)
    return;
  reply = g_dbus_message_new_method_error_literal (call, "org.freedesktop.DBus.Error.InvalidArgs",
                                                   message);
  g_dbus_connection_send_message (bus, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static gboolean
is_large (GDBusMessage *message)
{
  GVariant *body = g_dbus_message_get_body (message);

  return body != NULL && g_variant_get_size (body) > (gsize) SIZE_MAX_MIB * 1024 * 1024;
}

static gboolean
is_answer (GDBusMessage *message)
{
  GDBusMessageType type = g_dbus_message_get_message_type (message);

  return type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR;
}

/* In GDBus's thread. What the broker itself asked for is not looked at. */
static GDBusMessage *
filter (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer user_data)
{
  if (!incoming || is_answer (message))
    return message;
  if (is_large (message))
    refuse (bus, message,
            "The message is larger than 16 MiB: send less, or a large body with OpenApi");
  else if (has_foreign_descriptors (message))
    refuse (bus, message, "Only OpenApi takes a file descriptor, and one alone");
  else
    return message;
  g_object_unref (message);
  return NULL;
}

/* To be called before anything is exported. */
void
ta_intake_limit (GDBusConnection *bus)
{
  g_dbus_connection_add_filter (bus, filter, NULL, NULL);
}

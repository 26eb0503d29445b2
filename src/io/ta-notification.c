/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-notification.h"

#include "io/ta-shown.h"

/* A notification by way of org.freedesktop.Notifications, in the order the functions stand below:
 * what can the server do? -> listen to it -> show -> an action, an end, or the end of the server.
 *
 * The server is whoever answered the first question; all that follows goes to it and comes from it,
 * because an id means nothing to another one, and any program may send signals. It is asked each
 * time, so that one that hangs is given nothing that it would show later, all at once. A desktop
 * without notifications is fine: nothing here is an error to anybody. */

#define NAME "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"
#define DEADLINE_MS 5000

#define APP_NAME "Tidio Auth"
#define DESKTOP_ENTRY "org.tidio.Auth"
#define ICON "org.tidio.Auth"
#define URGENCY_NORMAL 1
#define NEVER_EXPIRES 0

struct _TaNotification
{
  GObject parent_instance;

  GDBusConnection *bus; /* (owned) (nullable): there may be none */
  char *summary;        /* (owned) */
  char *body;           /* (owned) */
  char *command;        /* (owned): what to do where there are no actions */
  GPtrArray *actions;   /* (owned) (element-type utf8): key, label, key, label... */

  char *server; /* (owned) (nullable): its unique name */
  guint32 id;   /* 0: not shown yet */
  guint signals;
  guint owner;
  gboolean ended; /* there are no more signals */
};

G_DEFINE_FINAL_TYPE (TaNotification, ta_notification, G_TYPE_OBJECT)

static void
end (TaNotification *self)
{
  self->ended = TRUE;
  if (self->id != 0)
    ta_shown_note (self->bus, self->server, self->id, FALSE);
  if (self->signals != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->signals);
  if (self->owner != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->owner);
  self->signals = 0;
  self->owner = 0;
}

static void
end_closed (TaNotification *self, gboolean seen)
{
  if (self->ended)
    return;
  end (self);
  g_signal_emit_by_name (self, "closed", seen);
}

static void
call_close (GDBusConnection *bus, const char *server, guint32 id)
{
  g_dbus_connection_call (bus, server, PATH, NAME, "CloseNotification", g_variant_new ("(u)", id),
                          NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, DEADLINE_MS, NULL, NULL, NULL);
}

/* Takes away what a broker before this one left on the screen: nobody would hear of its actions. */
void
ta_notification_withdraw_left (GDBusConnection *bus)
{
  ta_shown_clear (bus, call_close);
}

static void
close_at_server (TaNotification *self)
{
  if (self->id == 0)
    return;
  call_close (self->bus, self->server, self->id);
  self->id = 0;
}

static void
on_signal (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
           const char *member, GVariant *arguments, gpointer user_data)
{
  g_autoptr (TaNotification) self = g_object_ref (user_data);
  guint32 id = 0;
  const char *key;

  if (self->id == 0)
    return;
  if (g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(us)"))
      && g_str_equal (member, "ActionInvoked"))
    {
      g_variant_get (arguments, "(u&s)", &id, &key);
      if (id != self->id)
        return;
      end (self);
      close_at_server (self);
      g_signal_emit_by_name (self, "action", key);
    }
  else if (g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(uu)"))
           && g_str_equal (member, "NotificationClosed"))
    {
      g_variant_get (arguments, "(uu)", &id, NULL);
      if (id == self->id)
        end_closed (self, TRUE);
    }
}

/* The server lost its name, or went away. */
static void
on_owner_changed (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
                  const char *member, GVariant *arguments, gpointer user_data)
{
  g_autoptr (TaNotification) self = g_object_ref (user_data);
  const char *old_owner;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(sss)")))
    return;
  g_variant_get (arguments, "(&s&s&s)", NULL, &old_owner, NULL);
  if (g_str_equal (old_owner, self->server))
    end_closed (self, FALSE);
}

/* A server that did not answer in time may show it all the same, and more often than once if it
 * were asked again. */
static void
notify_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaNotification) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply != NULL)
    g_variant_get (reply, "(u)", &self->id);
  else
    {
      g_debug ("No notification: %s", error->message);
      end_closed (self, g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
    }
  if (self->ended)
    close_at_server (self);
  else
    ta_shown_note (self->bus, self->server, self->id, TRUE);
}

static gboolean
has (const char *const *capabilities, const char *capability)
{
  return g_strv_contains (capabilities, capability);
}

/* The text in the form that the server takes. */
static char *
create_body (TaNotification *self, const char *const *capabilities)
{
  g_autofree char *body = has (capabilities, "actions")
                              ? g_strdup (self->body)
                              : g_strconcat (self->body, "\n", self->command, NULL);

  if (has (capabilities, "body-markup"))
    return g_markup_escape_text (body, -1);
  return g_steal_pointer (&body);
}

static GVariant *
create_call (TaNotification *self, const char *const *capabilities)
{
  g_autofree char *body = create_body (self, capabilities);
  gssize n_actions = has (capabilities, "actions") ? (gssize) self->actions->len : 0;
  GVariantDict hints;

  g_variant_dict_init (&hints, NULL);
  g_variant_dict_insert (&hints, "urgency", "y", URGENCY_NORMAL);
  g_variant_dict_insert (&hints, "desktop-entry", "s", DESKTOP_ENTRY);
  return g_variant_new ("(susss@as@a{sv}i)", APP_NAME, 0, ICON, self->summary, body,
                        g_variant_new_strv ((const char *const *) self->actions->pdata, n_actions),
                        g_variant_dict_end (&hints), NEVER_EXPIRES);
}

static void
listen (TaNotification *self)
{
  self->signals
      = g_dbus_connection_signal_subscribe (self->bus, self->server, NAME, NULL, PATH, NULL,
                                            G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
  self->owner = g_dbus_connection_signal_subscribe (
      self->bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
      "/org/freedesktop/DBus", NAME, G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed, self, NULL);
}

/* (nullable): the capabilities, and who has them. */
static const char **
take_answer (TaNotification *self, GDBusMessage *answer, GError **error)
{
  GVariant *body;
  const char **capabilities = NULL;

  if (g_dbus_message_to_gerror (answer, error))
    return NULL;
  body = g_dbus_message_get_body (answer);
  self->server = g_strdup (g_dbus_message_get_sender (answer));
  if (self->server != NULL && body != NULL && g_variant_is_of_type (body, G_VARIANT_TYPE ("(as)")))
    g_variant_get (body, "(^a&s)", &capabilities);
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "Not a list of capabilities");
  return capabilities;
}

static void
capabilities_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaNotification) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusMessage) answer
      = g_dbus_connection_send_message_with_reply_finish (self->bus, result, &error);
  g_autofree const char **capabilities = answer == NULL ? NULL : take_answer (self, answer, &error);

  if (self->ended)
    return;
  if (capabilities == NULL)
    {
      g_debug ("No notifications: %s", error->message);
      end_closed (self, FALSE);
      return;
    }
  listen (self);
  g_dbus_connection_call (self->bus, self->server, PATH, NAME, "Notify",
                          create_call (self, capabilities), G_VARIANT_TYPE ("(u)"),
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, DEADLINE_MS, NULL, notify_cb,
                          g_object_ref (self));
}

/* Shows it, once. */
void
ta_notification_show (TaNotification *self)
{
  g_autoptr (GDBusMessage) message
      = g_dbus_message_new_method_call (NAME, PATH, NAME, "GetCapabilities");

  if (self->bus == NULL)
    {
      end_closed (self, FALSE);
      return;
    }
  g_dbus_connection_send_message_with_reply (self->bus, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                             DEADLINE_MS, NULL, NULL, capabilities_cb,
                                             g_object_ref (self));
}

/* Takes it away. There are no more signals. */
void
ta_notification_withdraw (TaNotification *self)
{
  if (self->ended)
    return;
  end (self);
  close_at_server (self);
}

/* In the order in which they are to be seen. */
void
ta_notification_add_action (TaNotification *self, const char *key, const char *label)
{
  g_ptr_array_add (self->actions, g_strdup (key));
  g_ptr_array_add (self->actions, g_strdup (label));
}

static void
ta_notification_init (TaNotification *self)
{
  self->actions = g_ptr_array_new_with_free_func (g_free);
}

static void
ta_notification_dispose (GObject *object)
{
  ta_notification_withdraw (TA_NOTIFICATION (object));
  G_OBJECT_CLASS (ta_notification_parent_class)->dispose (object);
}

static void
ta_notification_finalize (GObject *object)
{
  TaNotification *self = TA_NOTIFICATION (object);

  g_clear_object (&self->bus);
  g_free (self->summary);
  g_free (self->body);
  g_free (self->command);
  g_ptr_array_unref (self->actions);
  g_free (self->server);
  G_OBJECT_CLASS (ta_notification_parent_class)->finalize (object);
}

static void
ta_notification_class_init (TaNotificationClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ta_notification_dispose;
  G_OBJECT_CLASS (klass)->finalize = ta_notification_finalize;

  g_signal_new ("action", TA_TYPE_NOTIFICATION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                1, G_TYPE_STRING);
  g_signal_new ("closed", TA_TYPE_NOTIFICATION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                1, G_TYPE_BOOLEAN);
}

/* Plain text. `command`: a sentence that is added where the server has no actions. */
TaNotification *
ta_notification_new (const char *summary, const char *body, const char *command)
{
  TaNotification *self = g_object_new (TA_TYPE_NOTIFICATION, NULL);

  self->bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  self->summary = g_strdup (summary);
  self->body = g_strdup (body);
  self->command = g_strdup (command);
  return self;
}

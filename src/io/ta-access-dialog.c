/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-access-dialog.h"

#include "ta-portal-backend.h"

/* The question that the desktop's own portals ask, "may this application?", as its portal backend
 * shows it: org.freedesktop.impl.portal.Access. The dialog lasts as long as the call does; to take
 * it away, the object that the backend has for it is told to close. */

#define INTERFACE "org.freedesktop.impl.portal.Access"
#define REQUEST "org.freedesktop.impl.portal.Request"
#define PATH "/org/freedesktop/portal/desktop"
#define ICON "dialog-password-symbolic"

#define RESPONSE_GRANTED 0

typedef struct
{
  char *backend; /* (owned): its bus name */
  char *handle;  /* (owned): the path of its object for this dialog */
} Dialog;

static void
dialog_free (Dialog *dialog)
{
  g_free (dialog->backend);
  g_free (dialog->handle);
  g_free (dialog);
}

/* An error that the backend or the bus sent, and not because the backend died meanwhile. */
static gboolean
is_absent (const GError *error)
{
  return g_dbus_error_is_remote_error (error)
         && !g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY);
}

/* However else somebody gets rid of a dialog, it is a no. */
static TaAccessDialogAnswer
read_answer (GVariant *reply, const GError *error)
{
  guint32 response;

  if (reply == NULL)
    return is_absent (error) ? TA_ACCESS_DIALOG_ABSENT : TA_ACCESS_DIALOG_ENDED;
  g_variant_get (reply, "(u@a{sv})", &response, NULL);
  return response == RESPONSE_GRANTED ? TA_ACCESS_DIALOG_GRANTED : TA_ACCESS_DIALOG_DENIED;
}

static void
take_away (GDBusConnection *bus, const Dialog *dialog)
{
  g_dbus_connection_call (bus, dialog->backend, dialog->handle, REQUEST, "Close", NULL, NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

static void
dialog_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  TaAccessDialogAnswer answer = read_answer (reply, error);

  if (error != NULL)
    g_debug ("No answer from an access dialog: %s", error->message);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    take_away (G_DBUS_CONNECTION (source), g_task_get_task_data (task));
  g_task_return_int (task, answer);
}

static GVariant *
create_call (const Dialog *dialog, const TaAccessDialogTexts *texts)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "modal", "b", FALSE);
  g_variant_dict_insert (&options, "deny_label", "s", texts->deny);
  g_variant_dict_insert (&options, "grant_label", "s", texts->grant);
  g_variant_dict_insert (&options, "icon", "s", ICON);
  return g_variant_new ("(osssss@a{sv})", dialog->handle, texts->application, "", texts->title,
                        texts->subtitle, texts->body, g_variant_dict_end (&options));
}

/* A new path each time: the backend may still have the last one. */
static Dialog *
dialog_new (GDBusConnection *bus, const char *backend)
{
  Dialog *dialog = g_new0 (Dialog, 1);
  g_autofree char *caller = g_strdup (g_dbus_connection_get_unique_name (bus) + 1);

  g_strdelimit (caller, ".", '_');
  dialog->backend = g_strdup (backend);
  dialog->handle = g_strdup_printf (PATH "/request/%s/tidio_auth_%08x%08x", caller, g_random_int (),
                                    g_random_int ());
  return dialog;
}

/* Lasts until there is an answer, or it is cancelled. */
void
ta_access_dialog_ask_async (GDBusConnection *bus, const TaAccessDialogTexts *texts,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (bus, cancellable, callback, user_data);
  g_autofree char *backend = ta_portal_backend_find (INTERFACE);
  Dialog *dialog;

  g_task_set_source_tag (task, ta_access_dialog_ask_async);
  g_task_set_check_cancellable (task, FALSE);
  if (backend == NULL)
    {
      g_task_return_int (task, TA_ACCESS_DIALOG_ABSENT);
      return;
    }
  dialog = dialog_new (bus, backend);
  g_task_set_task_data (task, dialog, (GDestroyNotify) dialog_free);
  g_dbus_connection_call (bus, backend, PATH, INTERFACE, "AccessDialog",
                          create_call (dialog, texts), G_VARIANT_TYPE ("(ua{sv})"),
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, cancellable, dialog_cb,
                          g_object_ref (task));
}

TaAccessDialogAnswer
ta_access_dialog_ask_finish (GAsyncResult *result)
{
  return (TaAccessDialogAnswer) g_task_propagate_int (G_TASK (result), NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-prompt.h"

/* A call of the Secret Service that may ask the user something: the call -> the path of a prompt ->
 * Prompt -> the signal Completed. libsecret's own way is not taken, because it waits for ever for a
 * service that died or that never completes its prompt. Here the wait ends with the first of these:
 * the prompt is completed, its process leaves the bus, the deadline is over. All is said to the one
 * process that made the prompt: another one that takes over the name knows nothing of it. */

#define PROMPT_INTERFACE "org.freedesktop.Secret.Prompt"

typedef struct
{
  GDBusConnection *bus; /* (owned) */
  char *owner;          /* (owned): unique name of the service */
  TaDeadline *deadline; /* (unowned): outlives the task */
  guint seconds;
  /* While the prompt is open: */
  char *path;    /* (owned) (nullable) */
  GSource *over; /* (owned) (nullable): holds the task */
  guint completed;
  guint watch;
} Prompt;

static void
prompt_free (Prompt *prompt)
{
  g_object_unref (prompt->bus);
  g_free (prompt->owner);
  g_free (prompt->path);
  g_free (prompt);
}

/* Ends the wait, unless something else did before. Takes the error, NULL: it was completed. */
static void
end (GTask *task, gboolean dismissed, GError *error)
{
  g_autoptr (GError) owned = error;
  Prompt *prompt = g_task_get_task_data (task);
  g_autoptr (GSource) over = g_steal_pointer (&prompt->over);

  if (over == NULL)
    return;
  g_object_ref (task);
  g_source_destroy (over);
  g_dbus_connection_signal_unsubscribe (prompt->bus, prompt->completed);
  g_bus_unwatch_name (prompt->watch);
  if (owned != NULL)
    g_task_return_error (task, g_steal_pointer (&owned));
  else
    g_task_return_int (task, dismissed);
  g_object_unref (task);
}

static void
on_completed (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
              const char *member, GVariant *arguments, gpointer user_data)
{
  gboolean dismissed = TRUE;

  if (g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(bv)")))
    g_variant_get (arguments, "(bv)", &dismissed, NULL);
  end (G_TASK (user_data), dismissed, NULL);
}

static void
on_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  end (G_TASK (user_data), FALSE,
       g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "The Secret Service has gone"));
}

static void
call_prompt (const Prompt *prompt, const char *method, GVariant *arguments,
             GAsyncReadyCallback callback, gpointer user_data)
{
  g_dbus_connection_call (prompt->bus, prompt->owner, prompt->path, PROMPT_INTERFACE, method,
                          arguments, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, NULL,
                          callback, user_data);
}

/* The prompt is closed, but not waited for: the service may hang. */
static gboolean
on_over (GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;

  call_prompt (g_task_get_task_data (task), "Dismiss", NULL, NULL, NULL);
  end (task, FALSE, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Over"));
  return G_SOURCE_REMOVE;
}

static void
shown_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL)
    end (task, FALSE, error);
}

static void
show (GTask *task)
{
  Prompt *prompt = g_task_get_task_data (task);

  if (prompt->seconds > 0)
    ta_deadline_restart (prompt->deadline, prompt->seconds);
  prompt->over = g_cancellable_source_new (g_task_get_cancellable (task));
  g_task_attach_source (task, prompt->over, G_SOURCE_FUNC (on_over));
  prompt->completed = g_dbus_connection_signal_subscribe (
      prompt->bus, prompt->owner, PROMPT_INTERFACE, "Completed", prompt->path, NULL,
      G_DBUS_SIGNAL_FLAGS_NONE, on_completed, task, NULL);
  prompt->watch = g_bus_watch_name_on_connection (
      prompt->bus, prompt->owner, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, on_vanished, task, NULL);
  call_prompt (prompt, "Prompt", g_variant_new ("(s)", ""), shown_cb, g_object_ref (task));
}

/* Whatever the method answers, the prompt's path comes last. */
static char *
get_prompt_path (GVariant *reply)
{
  gsize length = g_variant_n_children (reply);
  g_autoptr (GVariant) last = length > 0 ? g_variant_get_child_value (reply, length - 1) : NULL;

  if (last == NULL || !g_variant_is_of_type (last, G_VARIANT_TYPE_OBJECT_PATH))
    return NULL;
  return g_variant_dup_string (last, NULL);
}

static void
call_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Prompt *prompt = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  prompt->path = get_prompt_path (reply);
  if (prompt->path == NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "No path of a prompt");
  else if (g_str_equal (prompt->path, "/"))
    g_task_return_int (task, FALSE);
  else
    show (task);
}

/* Calls a method and shows the prompt that it may answer with. From then on `deadline`, which must
 * live until the callback, has `seconds` left; 0: as many as it had. It always ends with the
 * deadline. Takes `arguments` if they are floating. Services say "not dismissed" of what they did
 * not do and the other way round: the caller has to look.
 * Errors: G_IO_ERROR_CANCELLED: the deadline; others: the Secret Service failed. */
void
ta_prompt_call_async (SecretService *service, const char *path, const char *interface,
                      const char *method, GVariant *arguments, TaDeadline *deadline, guint seconds,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  GDBusProxy *proxy = G_DBUS_PROXY (service);
  GCancellable *cancellable = ta_deadline_get_cancellable (deadline);
  g_autoptr (GVariant) owned = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;
  g_autoptr (GTask) task = g_task_new (service, cancellable, callback, user_data);
  Prompt *prompt = g_new0 (Prompt, 1);

  g_task_set_source_tag (task, ta_prompt_call_async);
  prompt->bus = g_object_ref (g_dbus_proxy_get_connection (proxy));
  prompt->owner = g_dbus_proxy_get_name_owner (proxy);
  prompt->deadline = deadline;
  prompt->seconds = seconds;
  g_task_set_task_data (task, prompt, (GDestroyNotify) prompt_free);
  if (prompt->owner == NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "There is no Secret Service");
  else
    g_dbus_connection_call (prompt->bus, prompt->owner, path, interface, method, owned, NULL,
                            G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, cancellable, call_cb,
                            g_steal_pointer (&task));
}

/* `dismissed`: what the prompt said; FALSE if there was none. May be NULL. */
gboolean
ta_prompt_call_finish (SecretService *service, GAsyncResult *result, gboolean *dismissed,
                       GError **error)
{
  gssize answer;

  g_return_val_if_fail (g_task_is_valid (result, service), FALSE);
  answer = g_task_propagate_int (G_TASK (result), error);
  if (dismissed != NULL)
    *dismissed = answer > 0;
  return answer >= 0;
}

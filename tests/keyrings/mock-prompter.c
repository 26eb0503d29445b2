/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define GCR_API_SUBJECT_TO_CHANGE
#include <gcr/gcr-base.h>
#include <gio/gunixinputstream.h>
#include <stdlib.h>
#include <unistd.h>

/* Sits where gnome-keyring's password dialog does, and answers by a script. Each argument, and then
 * each line of standard input, is what to do with one prompt:
 *
 *   ok:PASSWORD   types that and confirms
 *   cancel        dismisses it
 *   hang          leaves it open; the next line of standard input answers it
 *
 * A prompt that the script has no word for is dismissed. Standard output has the name on the bus,
 * to be given to gnome-keyring as GNOME_KEYRING_TEST_PROMPTER, and then a line for each thing that
 * happens: "name :1.5", "prompt password", "prompt new-password", "prompt confirm", "closed". The
 * end of standard input ends it. */

typedef struct
{
  GQueue steps;            /* (owned) (element-type utf8) */
  GTask *unanswered;       /* (owned) (nullable): a prompt that hangs */
  GDataInputStream *input; /* (unowned) */
  GMainLoop *loop;         /* (unowned) */
} Script;

#define MOCK_TYPE_PROMPT (mock_prompt_get_type ())
G_DECLARE_FINAL_TYPE (MockPrompt, mock_prompt, MOCK, PROMPT, GObject)

enum
{
  PROP_0,
  PROP_TITLE,
  PROP_MESSAGE,
  PROP_DESCRIPTION,
  PROP_WARNING,
  PROP_CHOICE_LABEL,
  PROP_CHOICE_CHOSEN,
  PROP_PASSWORD_NEW,
  PROP_PASSWORD_STRENGTH,
  PROP_CALLER_WINDOW,
  PROP_CONTINUE_LABEL,
  PROP_CANCEL_LABEL,
  N_PROPS
};

static const char *const property_names[N_PROPS] = {
  [PROP_TITLE] = "title",
  [PROP_MESSAGE] = "message",
  [PROP_DESCRIPTION] = "description",
  [PROP_WARNING] = "warning",
  [PROP_CHOICE_LABEL] = "choice-label",
  [PROP_CHOICE_CHOSEN] = "choice-chosen",
  [PROP_PASSWORD_NEW] = "password-new",
  [PROP_PASSWORD_STRENGTH] = "password-strength",
  [PROP_CALLER_WINDOW] = "caller-window",
  [PROP_CONTINUE_LABEL] = "continue-label",
  [PROP_CANCEL_LABEL] = "cancel-label",
};

struct _MockPrompt
{
  GObject parent_instance;

  Script *script; /* (unowned) */
  GValue values[N_PROPS];
  char *password; /* (owned) (nullable): the last one typed */
};

static void mock_prompt_iface_init (GcrPromptIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MockPrompt, mock_prompt, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (GCR_TYPE_PROMPT, mock_prompt_iface_init))

static void
say (const char *what)
{
  g_autofree char *line = g_strdup_printf ("%s\n", what);
  gssize written = write (STDOUT_FILENO, line, strlen (line));

  g_assert (written == (gssize) strlen (line));
}

/* The task's result is the password, or NULL for a prompt that was dismissed. Takes the task. */
static void
answer (GTask *task, const char *step)
{
  const char *password = g_str_has_prefix (step, "ok:") ? step + strlen ("ok:") : NULL;

  g_task_return_pointer (task, g_strdup (password), g_free);
  g_object_unref (task);
}

static void
ask (GcrPrompt *prompt, const char *kind, GCancellable *cancellable, GAsyncReadyCallback callback,
     gpointer user_data)
{
  Script *script = MOCK_PROMPT (prompt)->script;
  g_autoptr (GTask) task = g_task_new (prompt, cancellable, callback, user_data);
  g_autofree char *line = g_strdup_printf ("prompt %s", kind);
  g_autofree char *step = g_queue_pop_head (&script->steps);

  say (line);
  if (g_strcmp0 (step, "hang") == 0)
    script->unanswered = g_steal_pointer (&task);
  else
    answer (g_steal_pointer (&task), step != NULL ? step : "cancel");
}

static void
mock_prompt_password_async (GcrPrompt *prompt, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  ask (prompt, gcr_prompt_get_password_new (prompt) ? "new-password" : "password", cancellable,
       callback, user_data);
}

static const char *
mock_prompt_password_finish (GcrPrompt *prompt, GAsyncResult *result, GError **error)
{
  MockPrompt *self = MOCK_PROMPT (prompt);

  g_free (self->password);
  self->password = g_task_propagate_pointer (G_TASK (result), error);
  /* To gnome-keyring a new password without strength is none, which it asks about. */
  g_value_set_int (&self->values[PROP_PASSWORD_STRENGTH], self->password != NULL);
  g_object_notify (G_OBJECT (self), property_names[PROP_PASSWORD_STRENGTH]);
  return self->password;
}

static void
mock_prompt_confirm_async (GcrPrompt *prompt, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  ask (prompt, "confirm", cancellable, callback, user_data);
}

static GcrPromptReply
mock_prompt_confirm_finish (GcrPrompt *prompt, GAsyncResult *result, GError **error)
{
  g_autofree char *said = g_task_propagate_pointer (G_TASK (result), error);

  return said != NULL ? GCR_PROMPT_REPLY_CONTINUE : GCR_PROMPT_REPLY_CANCEL;
}

static void
mock_prompt_close (GcrPrompt *prompt)
{
  Script *script = MOCK_PROMPT (prompt)->script;

  say ("closed");
  if (script->unanswered != NULL)
    answer (g_steal_pointer (&script->unanswered), "cancel");
}

static void
mock_prompt_iface_init (GcrPromptIface *iface)
{
  iface->prompt_password_async = mock_prompt_password_async;
  iface->prompt_password_finish = mock_prompt_password_finish;
  iface->prompt_confirm_async = mock_prompt_confirm_async;
  iface->prompt_confirm_finish = mock_prompt_confirm_finish;
  iface->prompt_close = mock_prompt_close;
}

static void
mock_prompt_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  g_value_copy (&MOCK_PROMPT (object)->values[id], value);
}

static void
mock_prompt_set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  g_value_copy (value, &MOCK_PROMPT (object)->values[id]);
}

static void
mock_prompt_finalize (GObject *object)
{
  MockPrompt *self = MOCK_PROMPT (object);

  for (guint id = PROP_0 + 1; id < N_PROPS; id++)
    g_value_unset (&self->values[id]);
  g_free (self->password);
  G_OBJECT_CLASS (mock_prompt_parent_class)->finalize (object);
}

static void
mock_prompt_init (MockPrompt *self)
{
  GObjectClass *klass = G_OBJECT_GET_CLASS (self);

  for (guint id = PROP_0 + 1; id < N_PROPS; id++)
    {
      GParamSpec *spec = g_object_class_find_property (klass, property_names[id]);

      g_value_init (&self->values[id], G_PARAM_SPEC_VALUE_TYPE (spec));
      g_param_value_set_default (spec, &self->values[id]);
    }
}

static void
mock_prompt_class_init (MockPromptClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = mock_prompt_get_property;
  object_class->set_property = mock_prompt_set_property;
  object_class->finalize = mock_prompt_finalize;
  for (guint id = PROP_0 + 1; id < N_PROPS; id++)
    g_object_class_override_property (object_class, id, property_names[id]);
}

static GcrPrompt *
on_new_prompt (GcrSystemPrompter *prompter, Script *script)
{
  MockPrompt *prompt = g_object_new (MOCK_TYPE_PROMPT, NULL);

  prompt->script = script;
  return GCR_PROMPT (prompt);
}

static void
take_step (Script *script, const char *step)
{
  if (script->unanswered != NULL)
    answer (g_steal_pointer (&script->unanswered), step);
  else
    g_queue_push_tail (&script->steps, g_strdup (step));
}

static void read_cb (GObject *source, GAsyncResult *result, gpointer user_data);

static void
read_step (Script *script)
{
  g_data_input_stream_read_line_async (script->input, G_PRIORITY_DEFAULT, NULL, read_cb, script);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Script *script = user_data;
  g_autofree char *step = g_data_input_stream_read_line_finish (script->input, result, NULL, NULL);

  if (step == NULL)
    {
      g_main_loop_quit (script->loop);
      return;
    }
  take_step (script, step);
  read_step (script);
}

static void
run (Script *script, GDBusConnection *bus)
{
  g_autoptr (GcrSystemPrompter) prompter
      = gcr_system_prompter_new (GCR_SYSTEM_PROMPTER_SINGLE, MOCK_TYPE_PROMPT);
  g_autofree char *line = g_strdup_printf ("name %s", g_dbus_connection_get_unique_name (bus));

  g_signal_connect (prompter, "new-prompt", G_CALLBACK (on_new_prompt), script);
  gcr_system_prompter_register (prompter, bus);
  say (line);
  read_step (script);
  g_main_loop_run (script->loop);
  gcr_system_prompter_unregister (prompter, FALSE);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_autoptr (GInputStream) raw = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GDataInputStream) input = g_data_input_stream_new (raw);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Script script = { G_QUEUE_INIT, NULL, input, loop };

  if (bus == NULL)
    g_error ("%s", error->message);
  for (int i = 1; i < argc; i++)
    take_step (&script, argv[i]);
  run (&script, bus);
  g_queue_clear_full (&script.steps, g_free);
  return EXIT_SUCCESS;
}

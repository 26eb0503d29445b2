/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-browser.h"

#include "base/ta-error.h"
#include "io/ta-deadline.h"

#include <string.h>

/* The browser is opened by a helper program that lies beside this one. It gets the URI on standard
 * input, because everybody can read arguments, and nothing of the environment that is meant for
 * this process alone. */

#define HELPER "tidio-auth-open-uri"

/* Ten seconds in all: a timer for whole seconds may be late by one. The helper itself gives up
 * earlier, and leaves nothing behind that would open a browser later. */
#define HELPER_TIMEOUT 9

static char *
find_helper (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = program == NULL ? NULL : g_path_get_dirname (program);

  return folder == NULL ? NULL : g_build_filename (folder, HELPER, NULL);
}

/* One of the commands in BROWSER names a program that there is. */
static gboolean
has_own_browser (void)
{
  const char *browser = g_getenv ("BROWSER");
  g_auto (GStrv) commands = g_strsplit (browser != NULL ? browser : "", ":", -1);

  for (int i = 0; commands[i] != NULL; i++)
    {
      g_auto (GStrv) words = NULL;
      g_autofree char *program = NULL;

      if (g_shell_parse_argv (commands[i], NULL, &words, NULL))
        program = g_find_program_in_path (words[0]);
      if (program != NULL)
        return TRUE;
    }
  return FALSE;
}

/* By what a browser would be opened, in the order in which the helper tries. `has_portal`: the
 * desktop portal can be called. */
TaBrowserWay
ta_browser_find_way (gboolean has_portal)
{
  g_autofree char *helper = find_helper ();
  g_autofree char *opener = g_find_program_in_path ("xdg-open");

  if (helper == NULL || !g_file_test (helper, G_FILE_TEST_IS_EXECUTABLE))
    return TA_BROWSER_NO_HELPER;
  if (has_own_browser ())
    return TA_BROWSER_BY_ENVIRONMENT;
  if (has_portal)
    return TA_BROWSER_BY_PORTAL;
  if (opener != NULL && (g_getenv ("DISPLAY") != NULL || g_getenv ("WAYLAND_DISPLAY") != NULL))
    return TA_BROWSER_BY_XDG_OPEN;
  return TA_BROWSER_NO_WAY;
}

static void
fail (GTask *task)
{
  g_task_return_new_error (
      task, TA_ERROR, TA_ERROR_BROWSER_FAILED,
      "No browser could be opened: open the address of the sign-in by hand, or set BROWSER or a "
      "default browser");
}

static void
communicate_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GSubprocess *helper = G_SUBPROCESS (source);
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (g_subprocess_communicate_finish (helper, result, NULL, NULL, &error)
      && g_subprocess_get_successful (helper))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_subprocess_force_exit (helper);
  fail (task);
}

/* Opens the user's browser.
 * Errors: TA_ERROR_BROWSER_FAILED. */
void
ta_browser_open_async (const char *uri, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autofree char *path = find_helper ();
  g_autoptr (GBytes) input = g_bytes_new (uri, strlen (uri));
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE);
  g_autoptr (GSubprocess) helper = NULL;
  TaDeadline *deadline = ta_deadline_new (HELPER_TIMEOUT, cancellable);

  g_task_set_source_tag (task, ta_browser_open_async);
  g_task_set_task_data (task, deadline, (GDestroyNotify) ta_deadline_free);
  g_subprocess_launcher_unsetenv (launcher, "SOUP_FORCE_HTTP1");
  if (path != NULL)
    helper = g_subprocess_launcher_spawn (launcher, NULL, path, NULL);
  if (helper == NULL)
    fail (task);
  else
    g_subprocess_communicate_async (helper, input, ta_deadline_get_cancellable (deadline),
                                    communicate_cb, g_steal_pointer (&task));
}

gboolean
ta_browser_open_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

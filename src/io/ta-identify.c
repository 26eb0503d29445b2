/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-identify.h"

#include "ta-process-files.h"

#include "base/ta-cgroups.h"

#include <poll.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* Who is at a connection of the message bus. The bus knows the user, the process and the security
 * label that were at the other end of the socket when it was connected. In this order:
 *
 *   user       must be ours: a bus can be shared
 *   label      a snap's: the kernel itself says so
 *   process    held by a descriptor, so that its end is noticed
 *   its root   /.flatpak-info there: Flatpak's
 *   its groups a snap's, or the unit that systemd started it in
 *   its file   the name of the program
 *   again      the process still runs, and the bus still says that it is that connection's
 *
 * The last step is what makes the others true: a number of a process is given to another once it
 * has ended, and a caller can end whenever it wants to. One case is left, which only a bus that
 * hands out descriptors of processes could tell: the caller ended, a child of it keeps the
 * connection, and another process has got the number. Neither Flatpak's proxy does that, nor a snap
 * that has a label.
 *
 * Whatever fails leaves the caller unidentified, since it may have been made to fail. */

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

typedef struct
{
  char *name; /* (owned) */
  guint32 pid;
  int process;          /* (owned): pidfd, or -1 */
  TaApplication *found; /* (owned) (nullable) */
} Look;

static void
look_free (Look *look)
{
  if (look->process >= 0)
    close (look->process);
  g_clear_pointer (&look->found, ta_application_unref);
  g_free (look->name);
  g_free (look);
}

static void
return_application (GTask *task, TaApplication *application)
{
  g_task_return_pointer (task, application, (GDestroyNotify) ta_application_unref);
}

static void
return_unidentified (GTask *task)
{
  return_application (task, ta_application_new (TA_TRUST_UNIDENTIFIED, ""));
}

/* A descriptor of a process can be read from when the process has ended. */
static gboolean
is_running (int process)
{
  struct pollfd end = { .fd = process, .events = POLLIN };

  return poll (&end, 1, 0) == 0;
}

static void
again_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Look *look = g_task_get_task_data (task);
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  guint32 pid = 0;

  if (reply != NULL)
    g_variant_get (reply, "(u)", &pid);
  if (pid == look->pid && is_running (look->process))
    return_application (task, g_steal_pointer (&look->found));
  else
    return_unidentified (task);
}

static void
ask_bus (GTask *task, const char *method, const char *type, GAsyncReadyCallback callback)
{
  Look *look = g_task_get_task_data (task);

  g_dbus_connection_call (g_task_get_source_object (task), BUS_NAME, BUS_PATH, BUS_NAME, method,
                          g_variant_new ("(s)", look->name), G_VARIANT_TYPE (type),
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, callback, task);
}

/* NULL: it cannot be told. */
static TaApplication *
look_at_files (int files)
{
  g_autofree char *info = NULL;
  g_autofree char *cgroups = NULL;
  g_autofree char *program = NULL;
  TaApplication *found;
  gsize length;

  if (!ta_process_files_read_flatpak_info (files, &info, &length))
    return NULL;
  if (info != NULL)
    return ta_application_from_flatpak_info (info, length);
  cgroups = ta_process_files_read_cgroups (files);
  if (cgroups == NULL)
    return NULL;
  found = ta_cgroups_find_application (cgroups);
  if (found != NULL)
    return found;
  program = ta_process_files_read_program (files);
  return program == NULL ? NULL : ta_application_new_host (program);
}

/* (nullable): it cannot be told. `label`: (nullable) */
static TaApplication *
look_at_process (guint32 pid, GVariant *label)
{
  TaApplication *found = NULL;
  gsize length = 0;
  const char *text = label == NULL ? "" : g_variant_get_fixed_array (label, &length, 1);
  int files;

  if (length > 0)
    found = ta_application_from_label (text, length);
  if (found != NULL)
    return found;
  files = ta_process_files_open (pid);
  if (files < 0)
    return NULL;
  found = look_at_files (files);
  close (files);
  return found;
}

static void
credentials_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Look *look = g_task_get_task_data (task);
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  g_autoptr (GVariant) credentials = reply == NULL ? NULL : g_variant_get_child_value (reply, 0);
  g_autoptr (GVariant) label = NULL;
  guint32 uid;

  if (credentials == NULL || !g_variant_lookup (credentials, "UnixUserID", "u", &uid)
      || uid != geteuid () || !g_variant_lookup (credentials, "ProcessID", "u", &look->pid))
    {
      return_unidentified (task);
      return;
    }
  label = g_variant_lookup_value (credentials, "LinuxSecurityLabel", G_VARIANT_TYPE_BYTESTRING);
  /* Fails for what is no number of a process. */
  look->process = pidfd_open ((pid_t) look->pid, 0);
  if (look->process >= 0)
    look->found = look_at_process (look->pid, label);
  if (look->found == NULL || look->found->trust == TA_TRUST_UNIDENTIFIED)
    return_unidentified (task);
  else
    ask_bus (g_steal_pointer (&task), "GetConnectionUnixProcessID", "(u)", again_cb);
}

/* Cannot be cancelled: it is short, and the next call of that name wants to know too. */
void
ta_identify_async (GDBusConnection *bus, const char *unique_name, GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (bus, NULL, callback, user_data);
  Look *look = g_new0 (Look, 1);

  look->name = g_strdup (unique_name);
  look->process = -1;
  g_task_set_task_data (task, look, (GDestroyNotify) look_free);
  g_task_set_source_tag (task, ta_identify_async);
  ask_bus (g_steal_pointer (&task), "GetConnectionCredentials", "(a{sv})", credentials_cb);
}

/* Never fails: what cannot be told is unidentified. */
TaApplication *
ta_identify_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

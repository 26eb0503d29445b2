/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-prompt.h"

#include "unit.h"

/* A Secret Service on a bus of its own that only knows Unlock and one prompt, and that does with
 * them what good ones never do. Whatever it is, the call ends. */

#define PATH "/org/freedesktop/secrets"
#define PROMPT_PATH "/org/freedesktop/secrets/prompt/p1"
#define PROMPT_INTERFACE "org.freedesktop.Secret.Prompt"

typedef enum
{
  ANSWER,    /* Unlock: there is no prompt; Prompt: the user says yes */
  ASK,       /* Unlock: there is a prompt */
  TURN_DOWN, /* the user says no */
  RUBBISH,   /* an answer of another type */
  FAIL,
  HANG,
  DIE,
} Behaviour;

typedef struct
{
  const char *id;
  Behaviour unlock;
  Behaviour prompt;
  int code; /* of G_IO_ERROR, -1: it succeeds */
  gboolean dismissed;
  guint dismissals; /* how often the service was told to close the prompt */
} Row;

typedef struct
{
  const Row *row;
  GDBusConnection *bus; /* (owned) */
  guint dismissals;
} Service;

static const char xml[] = "<node>"
                          "<interface name='org.freedesktop.Secret.Service'>"
                          "<method name='Unlock'><arg type='ao' direction='in'/>"
                          "<arg type='ao' direction='out'/><arg type='o' direction='out'/></method>"
                          "<method name='Lock'/>"
                          "</interface>"
                          "<interface name='org.freedesktop.Secret.Prompt'>"
                          "<method name='Prompt'><arg type='s' direction='in'/></method>"
                          "<method name='Dismiss'/>"
                          "<signal name='Completed'><arg type='b'/><arg type='v'/></signal>"
                          "</interface>"
                          "</node>";

static void
complete (Service *service, gboolean dismissed)
{
  g_dbus_connection_emit_signal (service->bus, NULL, PROMPT_PATH, PROMPT_INTERFACE, "Completed",
                                 g_variant_new ("(bv)", dismissed, g_variant_new_string ("")),
                                 NULL);
}

static void
die (Service *service)
{
  g_dbus_connection_flush_sync (service->bus, NULL, NULL);
  g_dbus_connection_close_sync (service->bus, NULL, NULL);
}

static void
act (Service *service, Behaviour behaviour, GDBusMethodInvocation *invocation)
{
  const char *prompt = behaviour == ASK ? PROMPT_PATH : "/";
  gboolean is_unlock
      = g_str_equal (g_dbus_method_invocation_get_method_name (invocation), "Unlock");

  if (behaviour == FAIL)
    g_dbus_method_invocation_return_error (invocation, G_IO_ERROR, G_IO_ERROR_BUSY, "Busy");
  else if (behaviour == HANG && is_unlock)
    g_object_unref (invocation);
  else
    g_dbus_method_invocation_return_value (
        invocation,
        is_unlock ? g_variant_new ("(@aoo)", g_variant_new_objv (NULL, 0), prompt) : NULL);
  if (behaviour == DIE)
    die (service);
  else if (!is_unlock && (behaviour == ANSWER || behaviour == TURN_DOWN))
    complete (service, behaviour == TURN_DOWN);
}

static void
on_call (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
         const char *method, GVariant *arguments, GDBusMethodInvocation *invocation,
         gpointer user_data)
{
  Service *service = user_data;

  if (g_str_equal (method, "Dismiss"))
    {
      /* It is said, and nothing comes of it. */
      service->dismissals++;
      g_dbus_method_invocation_return_value (invocation, NULL);
    }
  else if (g_str_equal (method, "Lock"))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    act (service, g_str_equal (method, "Unlock") ? service->row->unlock : service->row->prompt,
         invocation);
}

static void
start (Service *service)
{
  static const GDBusInterfaceVTable table = { .method_call = on_call };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (xml, NULL);
  g_autoptr (GVariant) reply = NULL;

  service->bus = g_dbus_connection_new_for_address_sync (
      g_getenv ("DBUS_SESSION_BUS_ADDRESS"),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, NULL);
  g_assert_nonnull (service->bus);
  g_dbus_connection_register_object (service->bus, PATH, node->interfaces[0], &table, service, NULL,
                                     NULL);
  g_dbus_connection_register_object (service->bus, PROMPT_PATH, node->interfaces[1], &table,
                                     service, NULL, NULL);
  reply = g_dbus_connection_call_sync (service->bus, "org.freedesktop.DBus", "/",
                                       "org.freedesktop.DBus", "RequestName",
                                       g_variant_new ("(su)", "org.freedesktop.secrets", 0), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  g_assert_nonnull (reply);
}

static void
take_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
await (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static SecretService *
open_service (void)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  SecretService *opened;

  secret_service_open (SECRET_TYPE_SERVICE, NULL, SECRET_SERVICE_NONE, NULL, take_result, &result);
  await (&result);
  opened = secret_service_open_finish (result, &error);
  g_assert_no_error (error);
  return opened;
}

static void
await_dismissal (Service *service)
{
  while (service->dismissals < service->row->dismissals)
    g_main_context_iteration (NULL, TRUE);
}

static void
check_row (gconstpointer data)
{
  const Row *row = data;
  Service service = { .row = row };
  g_autoptr (TaDeadline) deadline = ta_deadline_new (row->unlock == HANG ? 1 : 60, NULL);
  g_autoptr (SecretService) client = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean dismissed;
  gboolean done;

  start (&service);
  client = open_service ();
  ta_prompt_call_async (
      client, PATH, "org.freedesktop.Secret.Service", row->unlock == RUBBISH ? "Lock" : "Unlock",
      row->unlock == RUBBISH ? NULL : g_variant_new ("(@ao)", g_variant_new_objv (NULL, 0)),
      deadline, row->prompt == HANG ? 1 : 0, take_result, &result);
  await (&result);
  done = ta_prompt_call_finish (client, result, &dismissed, &error);
  if (row->code >= 0)
    g_assert_error (error, G_IO_ERROR, row->code);
  else
    g_assert_no_error (error);
  g_assert_cmpint (done, ==, row->code < 0);
  g_assert_cmpint (dismissed, ==, row->dismissed);
  await_dismissal (&service);
  g_dbus_connection_close_sync (service.bus, NULL, NULL);
  g_object_unref (service.bus);
}

static const Row rows[] = {
  { "without-prompt", ANSWER, ANSWER, -1, FALSE, 0 },
  { "accepted", ASK, ANSWER, -1, FALSE, 0 },
  { "turned-down", ASK, TURN_DOWN, -1, TRUE, 0 },
  { "no-prompt-path", RUBBISH, ANSWER, G_IO_ERROR_INVALID_DATA, FALSE, 0 },
  { "call-fails", FAIL, ANSWER, G_IO_ERROR_BUSY, FALSE, 0 },
  { "prompt-fails", ASK, FAIL, G_IO_ERROR_BUSY, FALSE, 0 },
  { "call-hangs", HANG, ANSWER, G_IO_ERROR_CANCELLED, FALSE, 0 },
  { "prompt-hangs", ASK, HANG, G_IO_ERROR_CANCELLED, FALSE, 1 },
  { "prompt-dies", ASK, DIE, G_IO_ERROR_CLOSED, FALSE, 0 },
};

/* The service was there once, and is gone before it is called. */
static void
check_gone (void)
{
  Service service = { .row = rows };
  g_autoptr (TaDeadline) deadline = ta_deadline_new (60, NULL);
  g_autoptr (SecretService) client = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *owner = NULL;

  start (&service);
  client = open_service ();
  die (&service);
  while ((owner = g_dbus_proxy_get_name_owner (G_DBUS_PROXY (client))) != NULL)
    {
      g_clear_pointer (&owner, g_free);
      g_main_context_iteration (NULL, TRUE);
    }
  ta_prompt_call_async (client, PATH, "org.freedesktop.Secret.Service", "Unlock",
                        g_variant_new ("(@ao)", g_variant_new_objv (NULL, 0)), deadline, 0,
                        take_result, &result);
  await (&result);
  g_assert_false (ta_prompt_call_finish (client, result, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_object_unref (service.bus);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GTestDBus) bus = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/prompt", rows, check_row);
  g_test_add_func ("/prompt/service-gone", check_gone);
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  status = g_test_run ();
  g_test_dbus_down (bus);
  return status;
}

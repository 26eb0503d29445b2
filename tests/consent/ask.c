/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "broker/ta-access.h"

#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Asks for access in the name of any application, as the tests say on standard input. One order is
 * a line of words with tabs between them; its answer, some time later, is one too:
 *
 *   TAG check TRUST ID ACCOUNT METHOD PATH quiet|interactive    METHOD "-": a token
 *   TAG sign-in TRUST ID ACCOUNT
 *   TAG open TRUST ID
 *   TAG cancel OTHER-TAG
 *   TAG close
 *
 *   TAG ok
 *   TAG cancelled
 *   TAG ERROR-NAME MESSAGE */

typedef struct
{
  GMainLoop *loop;
  TaAccess *access;
  GHashTable *orders; /* tag to GCancellable: those that wait */
} Program;

typedef struct
{
  Program *program;
  char *tag;
} Order;

static void
answer (const char *tag, const GError *error)
{
  g_autofree char *name = error == NULL ? NULL : g_dbus_error_encode_gerror (error);

  if (error == NULL)
    printf ("%s\tok\n", tag);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    printf ("%s\tcancelled\t\n", tag);
  else
    printf ("%s\t%s\t%s\n", tag, name, error->message);
  fflush (stdout);
}

static void
end (Order *order, const GError *error)
{
  answer (order->tag, error);
  g_hash_table_remove (order->program->orders, order->tag);
  g_free (order->tag);
  g_free (order);
}

static void
check_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ta_access_check_finish (TA_ACCESS (source), result, &error))
    g_assert_nonnull (error);
  end (user_data, error);
}

static void
sign_in_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ta_access_ask_sign_in_finish (TA_ACCESS (source), result, &error))
    g_assert_nonnull (error);
  end (user_data, error);
}

static TaTrust
parse_trust (const char *text)
{
  if (g_str_equal (text, "sandboxed"))
    return TA_TRUST_SANDBOXED;
  return g_str_equal (text, "host") ? TA_TRUST_HOST : TA_TRUST_UNIDENTIFIED;
}

static void
obey_of_application (Program *program, char **words)
{
  g_autoptr (TaApplication) application = ta_application_new (parse_trust (words[2]), words[3]);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const char *method;
  Order *order;

  if (g_str_equal (words[1], "open"))
    {
      printf ("%s\t%s\n", words[0],
              ta_access_is_open_to (program->access, application) ? "ok" : "no");
      fflush (stdout);
      return;
    }
  order = g_new0 (Order, 1);
  order->program = program;
  order->tag = g_strdup (words[0]);
  g_hash_table_insert (program->orders, g_strdup (words[0]), g_object_ref (cancellable));
  if (g_str_equal (words[1], "sign-in"))
    {
      ta_access_ask_sign_in_async (program->access, application, words[4], cancellable, sign_in_cb,
                                   order);
      return;
    }
  method = g_str_equal (words[5], "-") ? NULL : words[5];
  ta_access_check_async (program->access, application, words[4], method,
                         method == NULL ? NULL : words[6], g_str_equal (words[7], "interactive"),
                         cancellable, check_cb, order);
}

static void
obey (Program *program, char **words)
{
  if (g_str_equal (words[1], "cancel"))
    g_cancellable_cancel (g_hash_table_lookup (program->orders, words[2]));
  else if (g_str_equal (words[1], "close"))
    ta_access_close (program->access);
  else
    {
      obey_of_application (program, words);
      return;
    }
  answer (words[0], NULL);
}

static void
line_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDataInputStream *input = G_DATA_INPUT_STREAM (source);
  Program *program = user_data;
  g_autofree char *line = g_data_input_stream_read_line_finish (input, result, NULL, NULL);
  g_auto (GStrv) words = NULL;

  if (line == NULL)
    {
      g_main_loop_quit (program->loop);
      return;
    }
  words = g_strsplit (line, "\t", -1);
  obey (program, words);
  g_data_input_stream_read_line_async (input, G_PRIORITY_DEFAULT, NULL, line_cb, program);
}

int
main (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_autoptr (GInputStream) stream = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GDataInputStream) input = g_data_input_stream_new (stream);
  Program program = { 0 };

  g_assert_no_error (error);
  ta_error_quark ();
  program.loop = g_main_loop_new (NULL, FALSE);
  program.access = ta_access_new (bus);
  program.orders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  g_data_input_stream_read_line_async (input, G_PRIORITY_DEFAULT, NULL, line_cb, &program);
  g_main_loop_run (program.loop);
  g_assert_cmpuint (g_hash_table_size (program.orders), ==, 0);
  g_hash_table_unref (program.orders);
  g_object_unref (program.access);
  g_main_loop_unref (program.loop);
  return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gunixinputstream.h>
#include <libsoup/soup.h>
#include <string.h>
#include <sys/wait.h>

#include "pour.h"
#include "samples.h"

/* The same requests by a bare SoupSession, one after the other: what they take without a broker.
 *
 *   fetch get TIMES URI             as a service does it: asynchronous, the body in memory
 *   fetch read TIMES URI            the body from the stream, 256 KB at a time
 *   fetch send TIMES URI BYTES      so many bytes in a PUT, in chunks
 *   fetch refresh TIMES URI ID SECRET TOKEN   a refresh by JSON, each with the token of the one
 * before
 */

#define BLOCK 262144
#define BEARER "Bearer 0123456789012345678901234567890123456789012"

typedef struct
{
  SoupSession *session; /* (owned) */
  GMainLoop *loop;      /* (owned) */
  GBytes *body;         /* (owned) (nullable): of the last answer */
  GError *error;        /* (owned) (nullable) */
} Fetch;

static SoupMessage *
new_message (const char *method, const char *uri)
{
  SoupMessage *message = soup_message_new (method, uri);

  if (!g_str_equal (method, "POST"))
    soup_message_headers_append (soup_message_get_request_headers (message), "Authorization",
                                 BEARER);
  return message;
}

static gboolean
check_status (SoupMessage *message, GError **error)
{
  guint status = soup_message_get_status (message);

  if (status == 200)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "HTTP status %u", status);
  return FALSE;
}

static void
got_body (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fetch *fetch = user_data;

  fetch->body = soup_session_send_and_read_finish (SOUP_SESSION (source), result, &fetch->error);
  g_main_loop_quit (fetch->loop);
}

static gboolean
get (Fetch *fetch, SoupMessage *message, GError **error)
{
  g_clear_pointer (&fetch->body, g_bytes_unref);
  soup_session_send_and_read_async (fetch->session, message, G_PRIORITY_DEFAULT, NULL, got_body,
                                    fetch);
  g_main_loop_run (fetch->loop);
  if (fetch->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&fetch->error));
      return FALSE;
    }
  return check_status (message, error);
}

static gboolean
read_all (Fetch *fetch, SoupMessage *message, GError **error)
{
  static char block[BLOCK];
  g_autoptr (GInputStream) stream = soup_session_send (fetch->session, message, NULL, error);
  gssize n = 1;

  while (stream != NULL && n > 0)
    n = g_input_stream_read (stream, block, BLOCK, NULL, error);
  return stream != NULL && n == 0 && check_status (message, error);
}

static gboolean
send_all (Fetch *fetch, SoupMessage *message, const char *bytes, GError **error)
{
  g_autoptr (GInputStream) source = g_unix_input_stream_new (pour (bytes), TRUE);
  gboolean done;

  soup_message_set_request_body (message, "application/octet-stream", source, -1);
  done = read_all (fetch, message, error);
  wait (NULL);
  return done;
}

static void
set_refresh (SoupMessage *message, char **words, const char *token)
{
  g_autofree char *text
      = g_strdup_printf ("{\"grant_type\": \"refresh_token\", \"client_id\": \"%s\","
                         " \"client_secret\": \"%s\", \"refresh_token\": \"%s\"}",
                         words[0], words[1], token);
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));

  soup_message_set_request_body_from_bytes (message, "application/json", body);
}

/* The refresh token in an answer, by no more than a look at the text. */
static char *
find_token (GBytes *body)
{
  gsize size;
  const char *text = g_bytes_get_data (body, &size);
  g_autofree char *copy = g_strndup (text, size);
  char *at = strstr (copy, "\"refresh_token\"");
  g_auto (GStrv) parts = g_strsplit (at != NULL ? at : "", "\"", 5);

  return g_strdup (g_strv_length (parts) == 5 ? parts[3] : "");
}

static gboolean
take_step (Fetch *fetch, char **argv, char **token, GError **error)
{
  const char *mode = argv[1];
  g_autoptr (SoupMessage) message = NULL;

  message = new_message (g_str_equal (mode, "send")      ? "PUT"
                         : g_str_equal (mode, "refresh") ? "POST"
                                                         : "GET",
                         argv[3]);
  if (g_str_equal (mode, "read"))
    return read_all (fetch, message, error);
  if (g_str_equal (mode, "send"))
    return send_all (fetch, message, argv[4], error);
  if (g_str_equal (mode, "get"))
    return get (fetch, message, error);
  set_refresh (message, argv + 4, *token);
  if (!get (fetch, message, error))
    return FALSE;
  g_free (*token);
  *token = find_token (fetch->body);
  return TRUE;
}

int
main (int argc, char **argv)
{
  Fetch fetch = { .session = soup_session_new (), .loop = g_main_loop_new (NULL, FALSE) };
  g_autofree char *token = g_strdup (argc > 6 ? argv[6] : "");
  gint64 times = argc > 3 ? g_ascii_strtoll (argv[2], NULL, 10) : 0;
  Samples samples;
  int status;

  if (times == 0 || (g_str_equal (argv[1], "send") && argc < 5))
    return 2;
  samples_begin (&samples);
  for (gint64 i = -2; i < times; i++)
    {
      gint64 since = g_get_monotonic_time ();
      GError *error = NULL;

      if (i == 0)
        samples.start = since;
      if (!take_step (&fetch, argv, &token, &error))
        samples_add_error (&samples, error);
      else if (i >= 0)
        samples_add (&samples, since);
    }
  status = samples_end (&samples);
  g_clear_pointer (&fetch.body, g_bytes_unref);
  g_clear_object (&fetch.session);
  g_clear_pointer (&fetch.loop, g_main_loop_unref);
  return status;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

/* An API on loopback that is quicker than who asks it. Whatever is below /v1/: GET NUMBER answers
 * with so many bytes of JSON-like text, PUT takes a body of any length, told or in chunks. Prints
 * its address. A thread for each connection, for it may well wait. */

#define BLOCK 262144

static char block[BLOCK];

typedef struct
{
  gboolean is_put;
  gboolean is_chunked;
  gint64 length; /* of the request's body */
  gint64 wanted; /* of the answer's */
} Request;

static gboolean
skip (GDataInputStream *input, gint64 left)
{
  while (left > 0)
    {
      gssize n
          = g_input_stream_skip (G_INPUT_STREAM (input), (gsize) MIN (left, BLOCK), NULL, NULL);

      if (n <= 0)
        return FALSE;
      left -= n;
    }
  return TRUE;
}

static char *
read_line (GDataInputStream *input)
{
  return g_data_input_stream_read_line (input, NULL, NULL, NULL);
}

static gboolean
read_head (GDataInputStream *input, Request *request)
{
  g_autofree char *first = read_line (input);
  const char *number;

  *request = (Request){ 0 };
  number = first != NULL ? strstr (first, " /v1/") : NULL;
  if (number == NULL)
    return FALSE;
  request->is_put = g_str_has_prefix (first, "PUT ");
  request->wanted = request->is_put ? 2 : g_ascii_strtoll (number + strlen (" /v1/"), NULL, 10);
  for (;;)
    {
      g_autofree char *line = read_line (input);

      if (line == NULL || *line == '\0')
        return line != NULL;
      if (g_ascii_strncasecmp (line, "Content-Length:", 15) == 0)
        request->length = g_ascii_strtoll (line + 15, NULL, 10);
      if (g_ascii_strncasecmp (line, "Transfer-Encoding: chunked", 26) == 0)
        request->is_chunked = TRUE;
    }
}

static gboolean
read_chunks (GDataInputStream *input)
{
  for (;;)
    {
      g_autofree char *line = read_line (input);
      gint64 size = line != NULL ? g_ascii_strtoll (line, NULL, 16) : -1;

      /* Behind each chunk is an empty line, and so behind the last one, which is empty too. */
      if (size < 0 || !skip (input, size + 2))
        return FALSE;
      if (size == 0)
        return TRUE;
    }
}

static gboolean
answer (GOutputStream *output, gint64 left)
{
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                           "Content-Length: %" G_GINT64_FORMAT "\r\n\r\n",
                                           left);
  gsize size = strlen (head);
  g_autofree char *first = g_malloc (size + BLOCK);
  gsize n = (gsize) MIN (left, BLOCK);

  memcpy (first, head, size);
  memcpy (first + size, block, n);
  if (!g_output_stream_write_all (output, first, size + n, NULL, NULL, NULL))
    return FALSE;
  for (left -= (gint64) n; left > 0; left -= (gint64) n)
    {
      n = (gsize) MIN (left, BLOCK);
      if (!g_output_stream_write_all (output, block, n, NULL, NULL, NULL))
        return FALSE;
    }
  return TRUE;
}

static gboolean
on_connection (GThreadedSocketService *service, GSocketConnection *connection, GObject *source,
               gpointer user_data)
{
  GIOStream *stream = G_IO_STREAM (connection);
  g_autoptr (GDataInputStream) input
      = g_data_input_stream_new (g_io_stream_get_input_stream (stream));
  GOutputStream *output = g_io_stream_get_output_stream (stream);
  Request request;

  g_buffered_input_stream_set_buffer_size (G_BUFFERED_INPUT_STREAM (input), BLOCK);
  g_data_input_stream_set_newline_type (input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  g_socket_set_option (g_socket_connection_get_socket (connection), 6 /* TCP */, 1 /* NODELAY */, 1,
                       NULL);
  while (read_head (input, &request)
         && (request.is_chunked ? read_chunks (input) : skip (input, request.length))
         && answer (output, request.wanted))
    ;
  return TRUE;
}

int
main (void)
{
  g_autoptr (GSocketService) service = g_threaded_socket_service_new (256);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) got = NULL;
  g_autoptr (GError) error = NULL;

  memset (block, 'x', BLOCK);
  g_signal_connect (service, "run", G_CALLBACK (on_connection), NULL);
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_TCP, NULL, &got, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  g_print ("http://127.0.0.1:%u/v1/\n",
           g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (got)));
  g_main_loop_run (loop);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "samples.h"

/* Many applications at once, each with one call on its way at any time. They are raw sockets with a
 * message that was made once, so that what is measured is the service and the bus, not this
 * program.
 *
 *   crowd CLIENTS CALLS NAME PATH INTERFACE METHOD ARGUMENTS [FIRST-ARGUMENTS]
 *
 * Each client makes one call that does not count, with the first arguments if there are any. It
 * also counts the answers that are not the same as the first one. */

#define MAX_CLIENTS 1024
#define BUFFER 65536

typedef struct
{
  int fd;
  gsize filled;
  gint64 since;
  guint8 buffer[BUFFER];
} Client;

typedef struct
{
  GBytes *message; /* (owned) */
  GBytes *answer;  /* (owned) (nullable): body of the first one */
  gint64 left;     /* calls that were not made yet */
  gint64 under_way;
  Samples samples;
} Crowd;

static void
stop (const char *why)
{
  g_printerr ("%s\n", why);
  exit (1);
}

static GBytes *
make_message (char **words, const char *text)
{
  g_autoptr (GDBusMessage) message
      = g_dbus_message_new_method_call (words[0], words[1], words[2], words[3]);
  g_autoptr (GError) error = NULL;
  GVariant *body;
  guchar *blob;
  gsize size;

  if (text != NULL)
    {
      body = g_variant_parse (NULL, text, NULL, NULL, &error);
      if (body == NULL)
        stop (error->message);
      g_dbus_message_set_body (message, body);
    }
  g_dbus_message_set_serial (message, 1);
  blob = g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
  return g_bytes_new_take (blob, size);
}

static void
send_bytes (const Client *client, const void *data, gsize size)
{
  if (write (client->fd, data, size) != (gssize) size)
    stop ("The bus does not take a message");
}

static void
send_message (Client *client, GBytes *message)
{
  client->since = g_get_monotonic_time ();
  send_bytes (client, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
}

static void
receive (Client *client)
{
  gssize n = read (client->fd, client->buffer + client->filled, BUFFER - client->filled);

  if (n <= 0)
    stop ("The bus has closed the connection");
  client->filled += (gsize) n;
}

/* Size of the message at the start of the buffer, 0 if it is not all there; and where its body is.
 */
static gsize
measure (const Client *client, gsize *body)
{
  const guint8 *head = client->buffer;
  guint32 sizes[4];

  if (client->filled < sizeof (sizes))
    return 0;
  if (head[0] != 'l')
    stop ("An answer in another byte order");
  memcpy (sizes, head, sizeof (sizes));
  *body = (16 + GUINT32_FROM_LE (sizes[3]) + 7) & ~(gsize) 7;
  if (*body + GUINT32_FROM_LE (sizes[1]) > BUFFER)
    stop ("An answer that is too large");
  return client->filled < *body + GUINT32_FROM_LE (sizes[1]) ? 0
                                                             : *body + GUINT32_FROM_LE (sizes[1]);
}

/* Takes the next message out of the buffer; FALSE if there is none. `type` as in its header. */
static gboolean
take (Client *client, guint8 *type, GBytes **answer)
{
  gsize body;
  gsize size = measure (client, &body);

  if (size == 0)
    return FALSE;
  *type = client->buffer[1];
  *answer = g_bytes_new (client->buffer + body, size - body);
  client->filled -= size;
  memmove (client->buffer, client->buffer + size, client->filled);
  return TRUE;
}

/* Waits for the answer of a call. */
static void
settle (Client *client)
{
  for (;;)
    {
      g_autoptr (GBytes) answer = NULL;
      guint8 type;

      while (!take (client, &type, &answer))
        receive (client);
      if (type == G_DBUS_MESSAGE_TYPE_ERROR)
        stop ("The first call failed");
      if (type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN)
        return;
    }
}

static void
join_bus (Client *client, const char *path, GBytes *hello)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_autofree char *uid = g_strdup_printf ("%u", (guint) getuid ());
  g_autoptr (GString) auth = g_string_new ("AUTH EXTERNAL ");

  g_strlcpy (address.sun_path, path, sizeof (address.sun_path));
  client->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect (client->fd, (struct sockaddr *) &address, sizeof (address)) != 0)
    stop ("The bus is not there");
  for (const char *at = uid; *at != '\0'; at++)
    g_string_append_printf (auth, "%02x", (guint) *at);
  g_string_append (auth, "\r\n");
  send_bytes (client, "", 1);
  send_bytes (client, auth->str, auth->len);
  while (client->filled == 0 || client->buffer[client->filled - 1] != '\n')
    receive (client);
  if (!g_str_has_prefix ((const char *) client->buffer, "OK "))
    stop ("The bus refuses this user");
  client->filled = 0;
  send_bytes (client, "BEGIN\r\n", 7);
  send_message (client, hello);
  settle (client);
}

static void
ask (Crowd *crowd, Client *client)
{
  crowd->left--;
  crowd->under_way++;
  send_message (client, crowd->message);
}

static void
note_answer (Crowd *crowd, Client *client, guint8 type, GBytes *answer)
{
  if (type == G_DBUS_MESSAGE_TYPE_ERROR)
    samples_add_error (&crowd->samples,
                       g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "A call failed"));
  else if (type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN)
    {
      samples_add (&crowd->samples, client->since);
      if (crowd->answer == NULL)
        crowd->answer = g_bytes_ref (answer);
      crowd->samples.different += !g_bytes_equal (crowd->answer, answer);
    }
  else
    return;
  crowd->under_way--;
  if (crowd->left > 0)
    ask (crowd, client);
}

static void
run (Crowd *crowd, Client *clients, guint n)
{
  g_autofree struct pollfd *polls = g_new0 (struct pollfd, n);

  for (guint i = 0; i < n; i++)
    polls[i] = (struct pollfd){ .fd = clients[i].fd, .events = POLLIN };
  samples_begin (&crowd->samples);
  for (guint i = 0; i < n && crowd->left > 0; i++)
    ask (crowd, &clients[i]);
  while (crowd->under_way > 0)
    {
      if (poll (polls, n, 120000) <= 0)
        stop ("No answer for two minutes");
      for (guint i = 0; i < n; i++)
        {
          g_autoptr (GBytes) answer = NULL;
          guint8 type;

          if (polls[i].revents == 0)
            continue;
          receive (&clients[i]);
          while (take (&clients[i], &type, &answer))
            {
              note_answer (crowd, &clients[i], type, answer);
              g_clear_pointer (&answer, g_bytes_unref);
            }
        }
    }
}

int
main (int argc, char **argv)
{
  static const char *const HELLO[]
      = { "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello" };
  const char *address = g_getenv ("DBUS_SESSION_BUS_ADDRESS");
  g_auto (GStrv) parts = g_strsplit (address != NULL ? address : "", ",", 2);
  g_autoptr (GBytes) hello = make_message ((char **) HELLO, NULL);
  g_autoptr (GBytes) first = NULL;
  g_autofree Client *clients = NULL;
  Crowd crowd = { 0 };
  guint n;

  if (argc < 8 || argc > 9 || !g_str_has_prefix (address, "unix:path="))
    return 2;
  n = (guint) CLAMP (g_ascii_strtoll (argv[1], NULL, 10), 1, MAX_CLIENTS);
  crowd.left = g_ascii_strtoll (argv[2], NULL, 10);
  crowd.message = make_message (argv + 3, argv[7]);
  first = argc == 9 ? make_message (argv + 3, argv[8]) : g_bytes_ref (crowd.message);
  clients = g_new0 (Client, n);
  for (guint i = 0; i < n; i++)
    {
      join_bus (&clients[i], parts[0] + strlen ("unix:path="), hello);
      send_message (&clients[i], first);
      settle (&clients[i]);
    }
  run (&crowd, clients, n);
  g_clear_pointer (&crowd.message, g_bytes_unref);
  g_clear_pointer (&crowd.answer, g_bytes_unref);
  return samples_end (&crowd.samples);
}

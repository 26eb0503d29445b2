/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-peer-uid.h"

#include <string.h>
#include <unistd.h>

/* The other end of a loopback connection is a socket of this computer too. So it stands in the
 * kernel's tables of TCP sockets (proc(5): /proc/net/tcp and tcp6), and its row names its user. */

/* Fields of a row behind its two addresses. */
#define UID_FIELD 4
#define INODE_FIELD 6

/* Four bytes are one word of this computer's byte order; the port is a plain number. */
static char *
print_address (GInetSocketAddress *address, gboolean mapped)
{
  GInetAddress *host = g_inet_socket_address_get_address (address);
  const guint8 *bytes = g_inet_address_to_bytes (host);
  GString *text = g_string_new (NULL);

  if (mapped)
    {
      const guint8 prefix[12] = { [10] = 0xff, [11] = 0xff };
      guint32 words[3];

      memcpy (words, prefix, sizeof prefix);
      for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
        g_string_append_printf (text, "%08X", words[i]);
    }
  for (gsize i = 0; i < g_inet_address_get_native_size (host); i += sizeof (guint32))
    {
      guint32 word;

      memcpy (&word, bytes + i, sizeof word);
      g_string_append_printf (text, "%08X", word);
    }
  g_string_append_printf (text, ":%04X", g_inet_socket_address_get_port (address));
  return g_string_free (text, FALSE);
}

/* FALSE: there is no such field, or it is no number. */
static gboolean
read_field (char **fields, guint number, guint64 max, guint64 *value)
{
  for (; *fields != NULL; fields++)
    if (**fields != '\0' && number-- == 0)
      return g_ascii_string_to_unsigned (*fields, 10, 0, max, value, NULL);
  return FALSE;
}

/* `row` is what stands behind the addresses. A socket that its program has closed says user 0,
 * whoever that was; it is known by its inode. */
static TaPeer
judge_row (const char *row, guint uid)
{
  g_autofree char *line = g_strndup (row, strcspn (row, "\n"));
  g_auto (GStrv) fields = g_strsplit (line, " ", -1);
  guint64 owner;
  guint64 inode;

  if (!read_field (fields, UID_FIELD, G_MAXUINT32, &owner)
      || !read_field (fields, INODE_FIELD, G_MAXUINT64, &inode))
    return TA_PEER_UNKNOWN;
  return owner == uid && inode != 0 ? TA_PEER_OURS : TA_PEER_FOREIGN;
}

static TaPeer
find_row (const char *tables, GInetSocketAddress *peer, GInetSocketAddress *own, gboolean mapped,
          guint uid)
{
  g_autofree char *local = print_address (peer, mapped);
  g_autofree char *remote = print_address (own, mapped);
  g_autofree char *addresses = g_strdup_printf (": %s %s ", local, remote);
  const char *row = strstr (tables, addresses);

  return row == NULL ? TA_PEER_UNKNOWN : judge_row (row + strlen (addresses), uid);
}

/* Looks for the socket that is at `peer` and connected to `own`; `tables` has the text of one or
 * both tables, and `uid` is us. A socket of either family can have an IPv4 connection. */
TaPeer
ta_peer_uid_find (const char *tables, GInetSocketAddress *peer, GInetSocketAddress *own, guint uid)
{
  TaPeer found = find_row (tables, peer, own, FALSE, uid);

  if (found == TA_PEER_UNKNOWN
      && g_socket_address_get_family (G_SOCKET_ADDRESS (peer)) == G_SOCKET_FAMILY_IPV4)
    found = find_row (tables, peer, own, TRUE, uid);
  return found;
}

/* The tables are read before the connection is asked whether it still is one: a peer that reset
 * it, and so has no row, is not taken for an unknown one. */
static TaPeer
look (GSocketConnection *connection)
{
  g_autofree char *tcp = NULL;
  g_autofree char *tcp6 = NULL;
  g_autofree char *tables = NULL;
  g_autoptr (GSocketAddress) peer = NULL;
  g_autoptr (GSocketAddress) own = NULL;

  g_file_get_contents ("/proc/net/tcp", &tcp, NULL, NULL);
  g_file_get_contents ("/proc/net/tcp6", &tcp6, NULL, NULL);
  tables = g_strconcat (tcp != NULL ? tcp : "", tcp6, NULL);
  peer = g_socket_connection_get_remote_address (connection, NULL);
  own = g_socket_connection_get_local_address (connection, NULL);
  if (peer == NULL || own == NULL)
    return TA_PEER_FOREIGN;
  return ta_peer_uid_find (tables, G_INET_SOCKET_ADDRESS (peer), G_INET_SOCKET_ADDRESS (own),
                           geteuid ());
}

/* The kernel hands out a table piece by piece, and a row may be missed while others come and go. So
 * one that is not there is looked for once more. */
TaPeer
ta_peer_uid_judge (GSocketConnection *connection)
{
  TaPeer peer = look (connection);

  return peer == TA_PEER_UNKNOWN ? look (connection) : peer;
}

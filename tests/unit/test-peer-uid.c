/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-peer-uid.h"

#include "unit-peer.h"

#include <sys/socket.h>
#include <unistd.h>

#define PORT 0xEDA7

/* As a kernel of a little-endian computer wrote them. */
static const char tcp[]
    = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode                                                     \n"
      "   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
      "1511 1 00000000014a73de 100 0 0 10 0                      \n"
      "   1: 0100007F:EDA7 00000000:0000 0A 00000000:00000004 00:00000000 00000000  1000        0 "
      "3962171 5 000000007d6c49a2 100 0 0 10 0                   \n"
      "   2: 0100007F:EDA7 0100007F:8FAC 01 00000000:00000000 00:00000000 00000000     0        0 "
      "0 1 00000000cb19a524 20 0 0 10 -1                         \n"
      "   3: 0100007F:8FA4 0100007F:EDA7 01 00000000:00000000 00:00000000 00000000  1000        0 "
      "3962172 2 0000000002fee5c2 20 0 0 10 -1                   \n"
      "   4: 0100007F:8FB6 0100007F:EDA7 04 00000001:00000000 01:00000014 00000000     0        0 "
      "0 2 000000005a384265 20 0 0 10 -1                         \n"
      "   5: 0100007F:8FC4 0100007F:EDA7 01 00000000:00000000 00:00000000 00000000 65534        0 "
      "3962177 2 000000005c41719a 20 0 0 10 -1                   \n"
      "  10: 0100007F:8FC8 0100007F:EDA7 01 00000000:00000000 00:00000000 00000000 4294967295     "
      "   0 18446744073709551615 2 000000005c41719a 20 0 0 10 -1 \n";
static const char tcp6[]
    = "  sl  local_address                         remote_address                        st "
      "tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 00000000000000000000000001000000:EDA7 00000000000000000000000000000000:0000 0A "
      "00000000:00000001 00:00000000 00000000  1000        0 3962174 2 00000000a1b2c3d4 100 0 0\n"
      "   1: 0000000000000000FFFF00000100007F:8FAC 0000000000000000FFFF00000100007F:EDA7 01 "
      "00000000:00000000 00:00000000 00000000  1000        0 3962173 2 00000000b1b2c3d4 20 0 0\n"
      "   2: 00000000000000000000000001000000:CD24 00000000000000000000000001000000:EDA7 01 "
      "00000000:00000000 00:00000000 00000000  1000        0 3962175 2 00000000c1b2c3d4 20 0 0\n"
      "   3: 00000000000000000000000001000000:CD26 00000000000000000000000001000000:EDA7 01 "
      "00000000:00000000 00:00000000 00000000  1001        0 3962176 2 00000000d1b2c3d4 20 0 0\n";

typedef struct
{
  const char *id;
  const char *address; /* of both ends */
  guint16 port;        /* of the peer */
  guint uid;           /* us */
  TaPeer peer;
} Row;

static const Row rows[] = {
  { "ipv4", "127.0.0.1", 0x8FA4, 1000, TA_PEER_OURS },
  { "ipv4-other", "127.0.0.1", 0x8FC4, 1000, TA_PEER_FOREIGN },
  { "ipv4-other-is-us", "127.0.0.1", 0x8FC4, 65534, TA_PEER_OURS },
  { "ipv4-root", "127.0.0.1", 0x8FA4, 0, TA_PEER_FOREIGN },
  { "mapped", "127.0.0.1", 0x8FAC, 1000, TA_PEER_OURS },
  { "mapped-other", "127.0.0.1", 0x8FAC, 1001, TA_PEER_FOREIGN },
  { "ipv6", "::1", 0xCD24, 1000, TA_PEER_OURS },
  { "ipv6-other", "::1", 0xCD26, 1000, TA_PEER_FOREIGN },
  { "closed", "127.0.0.1", 0x8FB6, 1000, TA_PEER_FOREIGN },
  { "closed-for-root", "127.0.0.1", 0x8FB6, 0, TA_PEER_FOREIGN },
  { "largest-numbers", "127.0.0.1", 0x8FC8, G_MAXUINT32, TA_PEER_OURS },
  { "no-row", "127.0.0.1", 0x8FA5, 1000, TA_PEER_UNKNOWN },
  { "other-family", "::1", 0x8FA4, 1000, TA_PEER_UNKNOWN },
  { "other-address", "127.0.0.2", 0x8FA4, 1000, TA_PEER_UNKNOWN },
  { "listener", "127.0.0.1", 0, 1000, TA_PEER_UNKNOWN },
};

static TaPeer
find (const char *tables, const Row *row)
{
  g_autoptr (GSocketAddress) peer = g_inet_socket_address_new_from_string (row->address, row->port);
  g_autoptr (GSocketAddress) own = g_inet_socket_address_new_from_string (row->address, PORT);

  return ta_peer_uid_find (tables, G_INET_SOCKET_ADDRESS (peer), G_INET_SOCKET_ADDRESS (own),
                           row->uid);
}

static void
check_row (gconstpointer data)
{
  g_autofree char *tables = g_strconcat (tcp, tcp6, NULL);
  g_autofree char *reversed = g_strconcat (tcp6, tcp, NULL);

  g_assert_cmpint (find (tables, data), ==, ((const Row *) data)->peer);
  g_assert_cmpint (find (reversed, data), ==, ((const Row *) data)->peer);
}

/* The row of 127.0.0.1:0x8FA4 for user 1000, spoilt. */
static const struct
{
  const char *id;
  const char *table;
} spoilt[] = {
  { "nothing", "" },
  { "header", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n" },
  { "addresses-alone", "   3: 0100007F:8FA4 0100007F:EDA7 " },
  { "short", "   3: 0100007F:8FA4 0100007F:EDA7 01 0:0 00:0 0 1000 0\n" },
  { "next-line", "   3: 0100007F:8FA4 0100007F:EDA7 01 0:0 00:0 0\n1000 0 5 6\n" },
  { "user-negative", "   3: 0100007F:8FA4 0100007F:EDA7 01 0:0 00:0 0 -1000 0 5 6\n" },
  { "user-word", "   3: 0100007F:8FA4 0100007F:EDA7 01 0:0 00:0 0 ada 0 5 6\n" },
  { "user-beyond", "   3: 0100007F:8FA4 0100007F:EDA7 01 0:0 00:0 0 4294968296 0 5 6\n" },
  { "inode-word", "   3: 0100007F:8FA4 0100007F:EDA7 01 0:0 00:0 0 1000 0 x 6\n" },
  { "address-longer", "   3: 000100007F:8FA4 0100007F:EDA7 01 0:0 00:0 0 1000 0 5 6\n" },
  { "address-shorter", "   3: 100007F:8FA4 0100007F:EDA7 01 0:0 00:0 0 1000 0 5 6\n" },
  { "port-longer", "   3: 0100007F:8FA4 0100007F:EDA77 01 0:0 00:0 0 1000 0 5 6\n" },
  { "ends-changed", "   3: 0100007F:EDA7 0100007F:8FA4 01 0:0 00:0 0 1000 0 5 6\n" },
  { "mapped-otherwise",
    "   3: 0000000000000000000000000100007F:8FA4 0000000000000000000000000100007F:EDA7 01 0:0 00:0 "
    "0 1000 0 5 6\n" },
};

static void
check_spoilt (gconstpointer data)
{
  g_assert_cmpint (find (data, &rows[0]), ==, TA_PEER_UNKNOWN);
}

/* A line as long as it likes, before the one that counts. */
static void
check_long (void)
{
  g_autofree char *filling = unit_repeat ("7F 0100", 100000);
  g_autofree char *tables = g_strconcat (filling, "\n", tcp, filling, NULL);

  g_assert_cmpint (find (tables, &rows[0]), ==, TA_PEER_OURS);
}

/* What a real kernel says of both ends of connections in this process. */
typedef struct
{
  const char *id;
  const char *peer;
  const char *own;
} Connection;

static const Connection connections[] = {
  { "ipv4", "127.0.0.1", "127.0.0.1" },
  { "ipv6", "::1", "::1" },
  { "mapped", "::ffff:127.0.0.1", "127.0.0.1" },
};

static GSocketConnection *
accept_from (const Connection *row, GSocket **peer)
{
  guint16 port = 0;
  g_autoptr (GSocket) listener = unit_peer_listen (row->own, &port);
  g_autoptr (GSocketAddress) target = g_inet_socket_address_new_from_string (row->peer, port);
  g_autoptr (GSocket) accepted = NULL;
  g_autoptr (GError) error = NULL;

  *peer = g_socket_new (g_socket_address_get_family (target), G_SOCKET_TYPE_STREAM,
                        G_SOCKET_PROTOCOL_TCP, NULL);
  g_socket_connect (*peer, target, NULL, &error);
  g_assert_no_error (error);
  accepted = g_socket_accept (listener, NULL, &error);
  g_assert_no_error (error);
  return g_socket_connection_factory_create_connection (accepted);
}

static void
check_own (gconstpointer data)
{
  g_autoptr (GSocket) peer = NULL;
  g_autoptr (GSocketConnection) connection = accept_from (data, &peer);

  g_assert_cmpint (ta_peer_uid_judge (connection), ==, TA_PEER_OURS);
  g_assert_true (g_socket_shutdown (peer, FALSE, TRUE, NULL));
  g_assert_cmpint (ta_peer_uid_judge (connection), ==, TA_PEER_OURS);
}

/* Whose it was cannot be told any more. */
static void
check_closed (gconstpointer data)
{
  g_autoptr (GSocket) peer = NULL;
  g_autoptr (GSocketConnection) connection = accept_from (data, &peer);

  g_assert_true (g_socket_close (peer, NULL));
  g_assert_cmpint (ta_peer_uid_judge (connection), ==, TA_PEER_FOREIGN);
}

static void
check_reset (gconstpointer data)
{
  const struct linger at_once = { .l_onoff = 1 };
  g_autoptr (GSocket) peer = NULL;
  g_autoptr (GSocketConnection) connection = accept_from (data, &peer);

  g_assert_cmpint (
      setsockopt (g_socket_get_fd (peer), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), ==, 0);
  g_assert_true (g_socket_close (peer, NULL));
  g_assert_cmpint (ta_peer_uid_judge (connection), ==, TA_PEER_FOREIGN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/peer-uid/UN-PU-01-recorded", rows, check_row);
  for (gsize i = 0; i < G_N_ELEMENTS (spoilt); i++)
    {
      g_autofree char *path = g_strconcat ("/peer-uid/UN-PU-02-spoilt/", spoilt[i].id, NULL);

      g_test_add_data_func (path, spoilt[i].table, check_spoilt);
    }
  g_test_add_func ("/peer-uid/UN-PU-03-long", check_long);
  UNIT_ADD_ROWS ("/peer-uid/UN-PU-04-own", connections, check_own);
  UNIT_ADD_ROWS ("/peer-uid/UN-PU-05-closed", connections, check_closed);
  UNIT_ADD_ROWS ("/peer-uid/UN-PU-06-reset", connections, check_reset);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-loopback.h"

#include "base/ta-error.h"

/* The sockets a browser comes back to (RFC 8252 section 7.3 and 8.3): on loopback addresses by
 * number, so that no name service has a say, and never shared with another program. */

#define BACKLOG 16
#define PORT_TRIES 20

/* (nullable): a socket that listens there. `is_lacking`: this computer does not have the address.
 * There is no socket of a family that the kernel does not have; to EADDRNOTAVAIL of bind() GIO 2.74
 * gives no code of its own, to all else that may keep us from an address it does. */
static GSocket *
try_address (GSocketAddress *address, gboolean *is_lacking)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (address),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);

  *is_lacking = FALSE;
  if (socket == NULL)
    *is_lacking = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  else if (!g_socket_bind (socket, address, TRUE, &error))
    *is_lacking = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  else
    {
      g_socket_set_listen_backlog (socket, BACKLOG);
      if (g_socket_listen (socket, NULL))
        return g_steal_pointer (&socket);
    }
  return NULL;
}

/* Binds and listens on one address; `port` 0: any. `may_lack`: it is well, with the port unchanged,
 * if this computer does not have the address. */
static gboolean
listen_on (GSocketService *service, const char *address, gboolean may_lack, guint16 *port,
           GError **error)
{
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new_from_string (address, *port);
  g_autoptr (GSocketAddress) bound = NULL;
  gboolean is_lacking;
  g_autoptr (GSocket) socket = try_address (wanted, &is_lacking);

  if (socket == NULL)
    {
      if (may_lack && is_lacking)
        return TRUE;
      g_set_error (error, TA_ERROR, TA_ERROR_PORT_UNAVAILABLE,
                   "Port %u of %s is in use or not allowed: end the program that has it and try "
                   "again",
                   *port, address);
      return FALSE;
    }
  bound = g_socket_get_local_address (socket, error);
  if (bound == NULL
      || !g_socket_listener_add_socket (G_SOCKET_LISTENER (service), socket, NULL, error))
    return FALSE;
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return TRUE;
}

/* localhost means both families, because a browser may choose either; IPv6 only where there is one.
 */
static GSocketService *
listen_once (const char *host, guint16 *port, GError **error)
{
  g_autoptr (GSocketService) service = g_socket_service_new ();
  gboolean is_name = g_ascii_strcasecmp (host, "localhost") == 0;

  g_socket_service_stop (service);
  if (listen_on (service, is_name ? "127.0.0.1" : host, FALSE, port, error)
      && (!is_name || listen_on (service, "::1", TRUE, port, error)))
    return g_steal_pointer (&service);
  g_socket_listener_close (G_SOCKET_LISTENER (service));
  return NULL;
}

/* Listens on `host`: an address, or localhost. `port` 0: one that is free in both families, which
 * is then in `port`. The service is stopped.
 * Errors: TA_ERROR_PORT_UNAVAILABLE. */
GSocketService *
ta_loopback_listen (const char *host, guint16 *port, GError **error)
{
  guint16 wanted = *port;
  guint tries = wanted != 0 ? 1 : PORT_TRIES;
  GSocketService *service = NULL;

  while (service == NULL && tries-- > 0)
    {
      *port = wanted;
      service = listen_once (host, port, tries == 0 ? error : NULL);
    }
  return service;
}

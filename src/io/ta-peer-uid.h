/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whose program is at the other end of a connection. */
typedef enum
{
  TA_PEER_OURS,    /* this user's */
  TA_PEER_FOREIGN, /* another user's, or nobody's any more */
  TA_PEER_UNKNOWN, /* the kernel does not say */
} TaPeer;

TaPeer ta_peer_uid_find (const char *tables, GInetSocketAddress *peer, GInetSocketAddress *own,
                         guint uid);
TaPeer ta_peer_uid_judge (GSocketConnection *connection);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit.h"

G_BEGIN_DECLS

/* The other end of a loopback connection, in the same process: it connects and writes at once, for
 * which the kernel's buffers suffice, and reads while the main loop runs. */
typedef struct _UnitPeer UnitPeer;

gboolean unit_peer_can_connect (const char *address, guint16 port);
UnitPeer *unit_peer_new (const char *address, guint16 port);
void unit_peer_send (UnitPeer *self, const char *bytes, gssize length);
void unit_peer_shut (UnitPeer *self);
gboolean unit_peer_has_ended (UnitPeer *self);
const char *unit_peer_await (UnitPeer *self, gsize length);
const char *unit_peer_await_end (UnitPeer *self);
void unit_peer_free (UnitPeer *self);

/* Listens on a free port of an address and answers nobody. */
GSocket *unit_peer_listen (const char *address, guint16 *port);
void unit_peer_settle (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnitPeer, unit_peer_free)

G_END_DECLS

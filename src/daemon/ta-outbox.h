/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Holds the broadcasts of the broker's objects on their way out, and what follows them. */
typedef struct _TaOutbox TaOutbox;

/* In the main context: these messages are held, in this order. Whoever is told sends them, or what
 * is to be sent for them, now or later, and says when that is done. */
typedef void (*TaOutboxFunc) (GPtrArray *messages, gpointer user_data);

TaOutbox *ta_outbox_new (GDBusConnection *bus, TaOutboxFunc held, gpointer user_data);
void ta_outbox_free (TaOutbox *self);
gboolean ta_outbox_is_broadcast (GDBusMessage *message);
void ta_outbox_send (TaOutbox *self, GDBusMessage *message, GDBusSendMessageFlags flags);
void ta_outbox_done (TaOutbox *self);
gboolean ta_outbox_is_empty (TaOutbox *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaOutbox, ta_outbox_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Gets a connection whose request is good: a stream that replays it. */
typedef void (*TaGateFunc) (GIOStream *stream, GSocketAddress *local, GSocketAddress *remote,
                            gpointer user_data);

/* Whether it matters who comes with `query` (nullable), because it may change something. */
typedef gboolean (*TaGateMattersFunc) (const char *query, gpointer user_data);

#define TA_TYPE_GATE (ta_gate_get_type ())
G_DECLARE_FINAL_TYPE (TaGate, ta_gate, TA, GATE, GObject)

TaGate *ta_gate_new (GUri *redirect_uri, TaGateMattersFunc matters, TaGateFunc admit,
                     gpointer user_data, GError **error);
guint16 ta_gate_get_port (TaGate *self);
void ta_gate_close (TaGate *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Holds the calls on a connection that could tell of objects. */
typedef struct _TaBarrier TaBarrier;

/* In the main context: a call is held. It stays so until one of the functions below is called. */
typedef void (*TaBarrierFunc) (GDBusMessage *call, gpointer user_data);

TaBarrier *ta_barrier_new (GDBusConnection *bus, TaBarrierFunc held, gpointer user_data);
void ta_barrier_free (TaBarrier *self);
void ta_barrier_know (TaBarrier *self, const char *name);
void ta_barrier_raise (TaBarrier *self, GDBusMessage *call);
void ta_barrier_answer (TaBarrier *self, GDBusMessage *call, GDBusMessage *reply);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaBarrier, ta_barrier_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A cancellable that is cancelled with its parent or after some seconds, and knows which. */
typedef struct _TaDeadline TaDeadline;

TaDeadline *ta_deadline_new (guint seconds, GCancellable *parent);
void ta_deadline_restart (TaDeadline *self, guint seconds);
void ta_deadline_free (TaDeadline *self);
GCancellable *ta_deadline_get_cancellable (TaDeadline *self);
gboolean ta_deadline_has_expired (TaDeadline *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaDeadline, ta_deadline_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-token-answer.h"
#include "broker/ta-token-wish.h"
#include "io/ta-quorum.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* The callers that wait for one refresh. */
typedef struct _TaWaiters TaWaiters;

TaWaiters *ta_waiters_new (void);
void ta_waiters_free (TaWaiters *self);
void ta_waiters_add (TaWaiters *self, GTask *task, const TaTokenWish *wish);
guint ta_waiters_count (TaWaiters *self);
TaQuorum *ta_waiters_create_quorum (TaWaiters *self);
gboolean ta_waiters_answer (TaWaiters *self, TaToken *token, TaInstant now, const GError *error,
                            gboolean keep_interactive);
void ta_waiters_hold_back (TaWaiters *self, TaToken *token, TaInstant now, gint64 wait,
                           const GError *reason);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaWaiters, ta_waiters_free)

G_END_DECLS

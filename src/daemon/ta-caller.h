/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A method call that may have to wait for its answer. */
typedef struct _TaCaller TaCaller;

TaCaller *ta_caller_new (GDBusMethodInvocation *invocation);
GCancellable *ta_caller_get_cancellable (TaCaller *self);
GDBusMethodInvocation *ta_caller_free (TaCaller *self);

G_END_DECLS

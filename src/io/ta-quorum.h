/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Those for whom something is done together: a cancellable that is cancelled once each of them is.
 */
typedef struct _TaQuorum TaQuorum;

TaQuorum *ta_quorum_new (void);
void ta_quorum_add (TaQuorum *self, GCancellable *member);
GCancellable *ta_quorum_get_cancellable (TaQuorum *self);
void ta_quorum_free (TaQuorum *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaQuorum, ta_quorum_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A lock that one process of this user at a time has, over all sessions; freeing it releases it. */
typedef struct _TaLock TaLock;

void ta_lock_take_async (const char *name, guint seconds, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
TaLock *ta_lock_take_finish (GAsyncResult *result, GError **error);
gboolean ta_lock_is_in_place (const TaLock *self, const char *name);
void ta_lock_note (const char *name, const char *line);
void ta_lock_strike (const char *name, const char *line);
gboolean ta_lock_has_note (TaLock *self, const char *line);
void ta_lock_free (TaLock *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaLock, ta_lock_free)

G_END_DECLS

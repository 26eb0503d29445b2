/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void ta_loopback_trial_async (const char *address, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_loopback_trial_finish (GAsyncResult *result);

G_END_DECLS

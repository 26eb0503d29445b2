/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Who is on a message bus, and who could be. */
typedef struct _TaBusNames TaBusNames;

void ta_bus_names_load_async (GDBusConnection *bus, const char *own, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
TaBusNames *ta_bus_names_load_finish (GDBusConnection *bus, GAsyncResult *result, GError **error);
gboolean ta_bus_names_is_owned (const TaBusNames *self, const char *name);
gboolean ta_bus_names_is_reachable (const TaBusNames *self, const char *name);
gboolean ta_bus_names_is_coveted (const TaBusNames *self);
void ta_bus_names_free (TaBusNames *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaBusNames, ta_bus_names_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char **ta_permissions_list_accounts (GDBusConnection *bus, GError **error);
GVariant *ta_permissions_load (GDBusConnection *bus, const char *account, GError **error);
gboolean ta_permissions_save (GDBusConnection *bus, const char *account, const char *application,
                              const char *const *permissions, GError **error);
gboolean ta_permissions_forget (GDBusConnection *bus, const char *account, const char *application,
                                GError **error);

G_END_DECLS

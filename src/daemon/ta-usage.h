/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _TaUsage TaUsage;

TaUsage *ta_usage_new (GDBusConnection *bus);
void ta_usage_free (TaUsage *self);
guint ta_usage_get_quiet_ms (TaUsage *self);
gboolean ta_usage_has_readers (TaUsage *self);

G_END_DECLS

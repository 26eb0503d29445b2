/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A notification that is on the screen, in the words of its server. */
typedef void (*TaShownFunc) (GDBusConnection *bus, const char *server, guint32 id);

void ta_shown_note (GDBusConnection *bus, const char *server, guint32 id, gboolean is_shown);
void ta_shown_clear (GDBusConnection *bus, TaShownFunc each);

G_END_DECLS

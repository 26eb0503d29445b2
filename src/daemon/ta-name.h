/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _TaName TaName;

/* The name is had, or is another program's. */
typedef void (*TaNameFunc) (gpointer user_data);

TaName *ta_name_new (GDBusConnection *bus, TaNameFunc got, TaNameFunc lost, gpointer user_data);
void ta_name_free (TaName *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaName, ta_name_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _TaSignals TaSignals;

TaSignals *ta_signals_new (gboolean json);
void ta_signals_free (TaSignals *self);
void ta_signals_forget (TaSignals *self);
gboolean ta_signals_print (TaSignals *self, const char *path, const char *interface,
                           const char *signal, GVariant *arguments, GError **error);

G_END_DECLS

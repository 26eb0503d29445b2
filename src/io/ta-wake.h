/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Emits "woke" when what could not be reached may be reachable again: the computer resumed, the
 * network changed, or somebody set the clock. */
#define TA_TYPE_WAKE (ta_wake_get_type ())
G_DECLARE_FINAL_TYPE (TaWake, ta_wake, TA, WAKE, GObject)

TaWake *ta_wake_new (void);

G_END_DECLS

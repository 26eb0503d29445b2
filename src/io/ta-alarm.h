/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Calls a function once, after some time on the boot clock: time in suspend counts. */
typedef struct _TaAlarm TaAlarm;

typedef void (*TaAlarmFunc) (gpointer user_data);

TaAlarm *ta_alarm_new (gint64 milliseconds, TaAlarmFunc function, gpointer user_data);
void ta_alarm_free (TaAlarm *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaAlarm, ta_alarm_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One notification on the desktop. Its signals:
 *   "action" (char *key): the user chose this action.
 *   "closed" (gboolean seen): it is gone, and nobody chose an action. `seen`: somebody may have
 *   seen it. FALSE: it could not be shown, or went away with the program that showed it. */
#define TA_TYPE_NOTIFICATION (ta_notification_get_type ())
G_DECLARE_FINAL_TYPE (TaNotification, ta_notification, TA, NOTIFICATION, GObject)

TaNotification *ta_notification_new (const char *summary, const char *body, const char *command);
void ta_notification_add_action (TaNotification *self, const char *key, const char *label);
void ta_notification_show (TaNotification *self);
void ta_notification_withdraw (TaNotification *self);
void ta_notification_withdraw_left (GDBusConnection *bus);

G_END_DECLS

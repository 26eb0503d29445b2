/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-fair-use.h"
#include "daemon/ta-errand.h"
#include "io/ta-applications.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

G_BEGIN_DECLS

/* One method call, from its arrival to its answer. */
typedef struct _TaCaller TaCaller;

typedef void (*TaCallerFunc) (TaCaller *self, gpointer user_data);
typedef void (*TaCallerEndFunc) (TaCaller *self, const char *result, gpointer user_data);
typedef void (*TaCallerLeftFunc) (gpointer user_data);

TaCaller *ta_caller_new (GDBusMethodInvocation *invocation, const TaErrand *errand,
                         TaCallerFunc work, gpointer request, GDestroyNotify destroy);
void ta_caller_watch_end (TaCaller *self, TaApplications *applications, TaCallerEndFunc ended,
                          TaCallerLeftFunc left, gpointer user_data);
const TaErrand *ta_caller_get_errand (TaCaller *self);
gpointer ta_caller_get_request (TaCaller *self);
GDBusConnection *ta_caller_get_bus (TaCaller *self);
const char *ta_caller_get_sender (TaCaller *self);
GCancellable *ta_caller_get_cancellable (TaCaller *self);
guint ta_caller_get_time_left (TaCaller *self);
TaApplication *ta_caller_get_application (TaCaller *self);
void ta_caller_set_application (TaCaller *self, TaApplication *application);
void ta_caller_set_account (TaCaller *self, const char *account);
void ta_caller_set_quiet (TaCaller *self);
void ta_caller_enter (TaCaller *self, TaFairUse *fair_use, TaCallerFunc begin, gpointer user_data);
void ta_caller_leave (TaCaller *self);
void ta_caller_work (TaCaller *self);
void ta_caller_answer (TaCaller *self, GVariant *value, const char *result);
void ta_caller_reply (TaCaller *self, GVariant *value, GUnixFDList *fds, const char *result);
void ta_caller_end (TaCaller *self);
void ta_caller_fail (TaCaller *self, const GError *error);

G_END_DECLS

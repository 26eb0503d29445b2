/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-application.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Who is at the connections of a message bus. */
#define TA_TYPE_APPLICATIONS (ta_applications_get_type ())
G_DECLARE_FINAL_TYPE (TaApplications, ta_applications, TA, APPLICATIONS, GObject)

typedef struct _TaApplicationsWatch TaApplicationsWatch;
typedef void (*TaApplicationsLeftFunc) (gpointer user_data);

TaApplications *ta_applications_new (GDBusConnection *bus);
TaApplication *ta_applications_peek (TaApplications *self, const char *name);
void ta_applications_lookup_async (TaApplications *self, const char *name,
                                   GAsyncReadyCallback callback, gpointer user_data);
TaApplication *ta_applications_lookup_finish (TaApplications *self, GAsyncResult *result);
TaApplicationsWatch *ta_applications_watch (TaApplications *self, const char *name,
                                            TaApplicationsLeftFunc left, gpointer user_data);
void ta_applications_unwatch (TaApplicationsWatch *watch);

G_END_DECLS

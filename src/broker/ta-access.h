/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-application.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* What an application may do with an account. */
#define TA_TYPE_ACCESS (ta_access_get_type ())
G_DECLARE_FINAL_TYPE (TaAccess, ta_access, TA, ACCESS, GObject)

TaAccess *ta_access_new (GDBusConnection *bus);
void ta_access_check_async (TaAccess *self, TaApplication *application, const char *account,
                            const char *method, const char *path, gboolean interactive,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
gboolean ta_access_check_finish (TaAccess *self, GAsyncResult *result, GError **error);
void ta_access_ask_sign_in_async (TaAccess *self, TaApplication *application, const char *account,
                                  GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean ta_access_ask_sign_in_finish (TaAccess *self, GAsyncResult *result, GError **error);
gboolean ta_access_is_open_to (TaAccess *self, const TaApplication *application);
gboolean ta_access_is_patient (TaAccess *self);
void ta_access_close (TaAccess *self);

G_END_DECLS

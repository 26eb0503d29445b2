/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-consent.h"

G_BEGIN_DECLS

void ta_approval_get_async (GDBusConnection *bus, TaConsent *consent, TaApplication *application,
                            const char *account, TaConsentWish wish, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_approval_get_finish (GAsyncResult *result, GError **error);

G_END_DECLS

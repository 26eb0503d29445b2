/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-consent-text.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define TA_TYPE_CONSENT (ta_consent_get_type ())
G_DECLARE_FINAL_TYPE (TaConsent, ta_consent, TA, CONSENT, GObject)

TaConsent *ta_consent_new (GDBusConnection *bus);
void ta_consent_ask_async (TaConsent *self, TaApplication *application, const char *account,
                           TaConsentWish wish, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_consent_ask_finish (TaConsent *self, GAsyncResult *result, GError **error);
gboolean ta_consent_is_patient (TaConsent *self);
void ta_consent_close (TaConsent *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-http.h"
#include "io/ta-wake.h"

G_BEGIN_DECLS

#define TA_TYPE_THROTTLE (ta_throttle_get_type ())
G_DECLARE_FINAL_TYPE (TaThrottle, ta_throttle, TA, THROTTLE, GObject)

TaThrottle *ta_throttle_new (TaWake *wake);
gint64 ta_throttle_get_wait (TaThrottle *self, const char *uri);
GError *ta_throttle_get_error (TaThrottle *self, const char *uri);
gboolean ta_throttle_is_closed (TaThrottle *self);
void ta_throttle_note_response (TaThrottle *self, const char *uri, const TaHttpResponse *response);
void ta_throttle_note_limits (TaThrottle *self, const char *project, const TaHttpResponse *response,
                              guint n_refusals);
void ta_throttle_note_failure (TaThrottle *self, const char *uri, const GError *error);
void ta_throttle_note_success (TaThrottle *self, const char *uri);

G_END_DECLS

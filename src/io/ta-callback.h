/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-gate.h"
#include "io/ta-page.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _TaCallbackVisit TaCallbackVisit;

/* The browser came back with `query`. The function answers the visit, now or later. */
typedef void (*TaCallbackFunc) (TaCallbackVisit *visit, const char *query, gpointer user_data);

#define TA_TYPE_CALLBACK (ta_callback_get_type ())
G_DECLARE_FINAL_TYPE (TaCallback, ta_callback, TA, CALLBACK, GObject)

TaCallback *ta_callback_new (const char *redirect_uri, TaGateMattersFunc matters,
                             TaCallbackFunc function, gpointer user_data, GError **error);
const char *ta_callback_get_redirect_uri (TaCallback *self);
void ta_callback_close (TaCallback *self);
void ta_callback_visit_set_last_page (TaCallbackVisit *visit, guint seconds, TaPage page);
void ta_callback_visit_answer (TaCallbackVisit *visit, TaPage page);

G_END_DECLS

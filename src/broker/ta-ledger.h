/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-application.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define TA_TYPE_LEDGER (ta_ledger_get_type ())
G_DECLARE_FINAL_TYPE (TaLedger, ta_ledger, TA, LEDGER, GObject)

TaLedger *ta_ledger_new (void);
void ta_ledger_record (TaLedger *self, const TaApplication *application, const char *account,
                       const char *what, const char *result);
GVariant *ta_ledger_list (TaLedger *self, guint max);
gboolean ta_ledger_save (TaLedger *self);

G_END_DECLS

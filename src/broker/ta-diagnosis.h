/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-sign-ins.h"

G_BEGIN_DECLS

#define TA_TYPE_DIAGNOSIS (ta_diagnosis_get_type ())
G_DECLARE_FINAL_TYPE (TaDiagnosis, ta_diagnosis, TA, DIAGNOSIS, GObject)

TaDiagnosis *ta_diagnosis_new (GDBusConnection *bus, TaSignIns *sign_ins, TaAccounts *accounts);
void ta_diagnosis_run_async (TaDiagnosis *self, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ta_diagnosis_run_finish (TaDiagnosis *self, GAsyncResult *result);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-diagnosis.h"
#include "daemon/ta-admission.h"

G_BEGIN_DECLS

void ta_diagnosis_method_run (TaDiagnosis *diagnosis, TaAdmission *admission,
                              GDBusMethodInvocation *invocation);

G_END_DECLS

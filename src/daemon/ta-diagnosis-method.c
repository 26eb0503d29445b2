/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-diagnosis-method.h"

#include "broker/ta-check.h"

static void
run_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TaCaller *caller = user_data;
  g_autoptr (GPtrArray) checks = ta_diagnosis_run_finish (TA_DIAGNOSIS (source), result);
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sss)"));

  for (guint i = 0; i < checks->len; i++)
    {
      const TaCheck *check = checks->pdata[i];

      g_variant_builder_add (&rows, "(sss)", check->id, check->result, check->sentence);
    }
  ta_caller_answer (caller, g_variant_new ("(a(sss))", &rows), "ok");
}

static void
diagnose (TaCaller *caller, gpointer user_data)
{
  TaDiagnosis *diagnosis = user_data;

  ta_diagnosis_run_async (diagnosis, run_cb, caller);
}

/* Diagnose. Takes the invocation. */
void
ta_diagnosis_method_run (TaDiagnosis *diagnosis, TaAdmission *admission,
                         GDBusMethodInvocation *invocation)
{
  const TaErrand errand = { .kind = TA_ERRAND_DIAGNOSIS };

  ta_admission_enter (admission, ta_caller_new (invocation, &errand, diagnose,
                                                g_object_ref (diagnosis), g_object_unref));
}

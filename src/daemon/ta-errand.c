/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-errand.h"

/* (nullable): what stands in the ledger. */
char *
ta_errand_describe (const TaErrand *self)
{
  switch (self->kind)
    {
    case TA_ERRAND_TOKEN:
      return g_strdup ("token");
    case TA_ERRAND_CALL:
      return g_strconcat (self->method, " ", self->path, NULL);
    case TA_ERRAND_SIGN_IN:
      return g_strdup ("sign-in");
    case TA_ERRAND_SIGN_OUT:
      return g_strdup ("sign-out");
    default:
      return NULL;
    }
}

/* Whether programs of that class may do it at all. */
gboolean
ta_errand_is_for (const TaErrand *self, TaTrust trust)
{
  switch (trust)
    {
    case TA_TRUST_HOST:
      return TRUE;
    case TA_TRUST_SANDBOXED:
      return self->is_own
             || (self->kind != TA_ERRAND_SIGN_OUT && self->kind != TA_ERRAND_CANCEL
                 && self->kind != TA_ERRAND_ACTIVITY && self->kind != TA_ERRAND_DIAGNOSIS);
    default:
      return FALSE;
    }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-store-health.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"

/* `error`: NULL: something was done. A caller who did not wait says nothing of the store. */
void
ta_store_health_note (TaStoreHealth *self, const GError *error)
{
  if (error != NULL && error->domain != TA_ERROR)
    return;
  self->is_well = error == NULL;
  if (error == NULL)
    return;
  g_clear_error (&self->failure);
  self->failure = g_error_copy (error);
  self->failed_at = ta_clock_now ().wall;
}

void
ta_store_health_clear (TaStoreHealth *self)
{
  g_clear_error (&self->failure);
}

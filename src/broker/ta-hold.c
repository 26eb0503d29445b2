/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-hold.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"

/* Short, because the user may be mending it: setting another client secret. */
#define MAX_SECONDS 30

/* Takes notice of how a refresh ended; NULL: well. */
void
ta_hold_note (TaHold *self, const GError *error)
{
  gboolean is_refusal = g_error_matches (error, TA_ERROR, TA_ERROR_CLIENT_REJECTED)
                        || g_error_matches (error, TA_ERROR, TA_ERROR_FAILED);
  guint n = is_refusal ? self->n : 0;

  ta_hold_clear (self);
  if (!is_refusal)
    return;
  self->error = g_error_copy (error);
  self->ends_at
      = ta_clock_boot_ms () + MIN (G_GINT64_CONSTANT (1) << MIN (n, 10), MAX_SECONDS) * 1000;
  self->n = n + 1;
}

/* Milliseconds until the account's provider may be asked at `place`; 0: at once. */
gint64
ta_hold_get_wait (const TaHold *self, TaThrottle *throttle, const char *place)
{
  gint64 wait = ta_throttle_get_wait (throttle, place);

  return self->error == NULL ? wait : MAX (wait, self->ends_at - ta_clock_boot_ms ());
}

/* (transfer full): why it may not. */
GError *
ta_hold_get_error (const TaHold *self, TaThrottle *throttle, const char *place)
{
  if (self->error != NULL && ta_throttle_get_wait (throttle, place) == 0)
    return g_error_copy (self->error);
  return ta_throttle_get_error (throttle, place);
}

void
ta_hold_clear (TaHold *self)
{
  g_clear_error (&self->error);
  self->n = 0;
  self->ends_at = 0;
}

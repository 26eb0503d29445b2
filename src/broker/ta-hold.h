/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-throttle.h"

G_BEGIN_DECLS

/* How long one account's refresh is held back after a refusal that concerns this account alone:
 * of its client, or of what it asks for. */
typedef struct
{
  GError *error;  /* (owned) (nullable): the refusal */
  guint n;        /* in a row */
  gint64 ends_at; /* on the boot clock, ms */
} TaHold;

void ta_hold_note (TaHold *self, const GError *error);
gint64 ta_hold_get_wait (const TaHold *self, TaThrottle *throttle, const char *place);
GError *ta_hold_get_error (const TaHold *self, TaThrottle *throttle, const char *place);
void ta_hold_clear (TaHold *self);

G_END_DECLS

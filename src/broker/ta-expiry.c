/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-expiry.h"

#include "io/ta-alarm.h"
#include "io/ta-clock.h"

/* A login without a refresh token ends with its access token, and nobody has to ask for it first.
 * The alarm counts suspends; when the clock is set, which may end it sooner, or show that it has
 * not ended after all, it is looked at anew. All other logins are never waited for: no timer wakes
 * anybody for what can be refreshed. */

struct _TaExpiry
{
  TaWake *wake;   /* (owned) */
  gulong handler; /* while there is a record */
  TaExpiryFunc function;
  gpointer user_data; /* (unowned) */
  TaRecord *record;   /* (owned) (nullable): that ends by its token's time */
  gboolean is_ended;  /* by the clock, when it was looked at last */
  TaAlarm *alarm;     /* (owned) (nullable): until it ends */
};

static void
stop (TaExpiry *self)
{
  g_clear_pointer (&self->alarm, ta_alarm_free);
  g_clear_pointer (&self->record, ta_record_unref);
  g_clear_signal_handler (&self->handler, self->wake);
}

static void look (gpointer user_data);

/* A clock may have been set in between, so it is looked at again when it rings. */
static void
wait (TaExpiry *self)
{
  TaInstant now = ta_clock_now ();
  gint64 left = ta_token_get_time_left (self->record->token, now);

  g_clear_pointer (&self->alarm, ta_alarm_free);
  self->is_ended = ta_record_is_ended (self->record, FALSE, now);
  if (!self->is_ended)
    self->alarm = ta_alarm_new (MIN (left, G_MAXINT) * 1000, look, self);
}

static void
look (gpointer user_data)
{
  TaExpiry *self = user_data;
  gboolean was_ended = self->is_ended;

  wait (self);
  if (self->is_ended != was_ended)
    self->function (self->user_data);
}

/* Looks at this record from now on, and at no other. */
void
ta_expiry_watch (TaExpiry *self, TaRecord *record)
{
  if (self->record == record)
    return;
  stop (self);
  if (record->token->refresh_token != NULL || record->token->expires_at == 0 || record->refused)
    return;
  self->record = ta_record_ref (record);
  self->handler = g_signal_connect_swapped (self->wake, "woke", G_CALLBACK (look), self);
  wait (self);
}

/* `function` may free it. */
TaExpiry *
ta_expiry_new (TaWake *wake, TaExpiryFunc function, gpointer user_data)
{
  TaExpiry *self = g_new0 (TaExpiry, 1);

  self->wake = g_object_ref (wake);
  self->function = function;
  self->user_data = user_data;
  return self;
}

void
ta_expiry_free (TaExpiry *self)
{
  stop (self);
  g_object_unref (self->wake);
  g_free (self);
}

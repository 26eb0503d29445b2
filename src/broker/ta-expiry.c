/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-expiry.h"

#include "io/ta-alarm.h"
#include "io/ta-clock.h"

/* A login without a refresh token ends with its access token, and nobody has to ask for it first.
 * The alarm counts suspends; when the clock is set, which may end it sooner, it is looked at anew.
 * All other logins are never waited for: no timer wakes anybody for what can be refreshed. */

struct _TaExpiry
{
  TaWake *wake;   /* (owned) */
  gulong handler; /* while there is a record */
  TaExpiryFunc function;
  gpointer user_data; /* (unowned) */
  TaRecord *record;   /* (owned) (nullable): that has not ended yet and will */
  TaAlarm *alarm;     /* (owned) (nullable): while there is one */
};

static void
stop (TaExpiry *self)
{
  g_clear_pointer (&self->alarm, ta_alarm_free);
  g_clear_pointer (&self->record, ta_record_unref);
  g_clear_signal_handler (&self->handler, self->wake);
}

static void look (gpointer user_data);

/* Milliseconds. A clock may have been set in between, so it is looked at again when it rings. */
static void
wait (TaExpiry *self)
{
  gint64 left = ta_token_get_time_left (self->record->token, ta_clock_now ());

  g_clear_pointer (&self->alarm, ta_alarm_free);
  self->alarm = ta_alarm_new (left * 1000, look, self);
}

static void
look (gpointer user_data)
{
  TaExpiry *self = user_data;

  if (!ta_record_is_ended (self->record, FALSE, ta_clock_now ()))
    {
      wait (self);
      return;
    }
  stop (self);
  self->function (self->user_data);
}

/* Looks at this record from now on, and at no other. */
void
ta_expiry_watch (TaExpiry *self, TaRecord *record)
{
  if (self->record == record)
    return;
  stop (self);
  if (record->token->refresh_token != NULL || record->token->expires_at == 0
      || ta_record_is_ended (record, FALSE, ta_clock_now ()))
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

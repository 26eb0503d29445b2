/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-idle.h"

#include "broker/ta-ending.h"
#include "daemon/ta-usage.h"
#include "io/ta-clock.h"

/* When the broker may leave: some time after the last call, if nothing needs it:
 *
 * - no call is waiting for its answer, and no stream for its end;
 * - nobody signs in or out, and who asks how a sign-in ended can still be told;
 * - no token is being refreshed or stored, or could not be stored yet;
 * - no keyring is locked that has a token which the memory can still give;
 * - no notification is to be seen whose buttons would be dead;
 * - no program follows the activity, or shows accounts;
 * - no server asked for time, and no user who was asked said no, so short a time ago that it still
 *   counts: only the memory knows of that;
 * - all activity is in its file.
 *
 * Before it leaves it looks into the keyring: what somebody deleted there is only here, and is
 * stored first (main.c).
 *
 * What needs it is not told of when it ends, but looked at again after the same time. That is the
 * only thing that ever wakes a broker which has nothing to do.
 *
 * How it leaves without losing a call: it gives its name back, and the bus answers that after all
 * calls that it had sent here. These are worked on as ever. Who calls the name afterwards starts
 * another broker; who still calls this one by its unique name is answered until that has stopped
 * for a moment. Then the process ends. */

/* A program is told that the name has left before it can be surprised by that. */
#define DRAIN_MS 250

/* The service manager waits longer for a process that it wants to end. */
#define DRAIN_MAX_MS 8000

struct _TaIdle
{
  TaAccounts *accounts; /* (owned) */
  TaSignIns *sign_ins;  /* (owned) */
  TaLedger *ledger;     /* (owned) */
  TaService *service;   /* (owned) */
  TaReminder *reminder; /* (owned) */
  TaUsage *usage;       /* (owned) */

  guint wait_ms;
  gint64 drained_at; /* on the boot clock, ms, at the latest */
  guint timer;
  TaIdleFunc func;
  gpointer user_data; /* (unowned) */
};

TaIdle *
ta_idle_new (GDBusConnection *bus, TaAccounts *accounts, TaSignIns *sign_ins, TaLedger *ledger,
             TaService *service, TaReminder *reminder)
{
  TaIdle *self = g_new0 (TaIdle, 1);

  self->accounts = g_object_ref (accounts);
  self->sign_ins = g_object_ref (sign_ins);
  self->ledger = g_object_ref (ledger);
  self->service = g_object_ref (service);
  self->reminder = g_object_ref (reminder);
  self->usage = ta_usage_new (bus);
  return self;
}

void
ta_idle_free (TaIdle *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  ta_usage_free (self->usage);
  g_object_unref (self->reminder);
  g_object_unref (self->service);
  g_object_unref (self->ledger);
  g_object_unref (self->sign_ins);
  g_object_unref (self->accounts);
  g_free (self);
}

static gboolean
knows_more_than_keyring (TaIdle *self)
{
  g_autoptr (GList) all = ta_accounts_list (self->accounts);

  for (GList *link = all; link != NULL; link = link->next)
    if (g_str_equal (ta_account_get_state (link->data), "storage-locked")
        && ta_token_is_valid (ta_account_get_record (link->data)->token, ta_clock_now ()))
      return TRUE;
  return FALSE;
}

static gboolean
is_needed (TaIdle *self)
{
  return ta_service_is_called (self->service) || ta_service_is_followed (self->service)
         || !ta_service_is_settled (self->service) || !ta_service_is_patient (self->service)
         || ta_usage_has_readers (self->usage) || ta_sign_ins_has_ended (self->sign_ins)
         || !ta_ending_is_done (self->accounts, self->sign_ins) || knows_more_than_keyring (self)
         || ta_throttle_is_closed (ta_accounts_get_parts (self->accounts)->throttle)
         || ta_reminder_is_shown (self->reminder);
}

/* Whether nobody has needed it for so long. */
gboolean
ta_idle_is_over (TaIdle *self)
{
  return ta_usage_get_quiet_ms (self->usage) >= self->wait_ms && !is_needed (self)
         && ta_ledger_save (self->ledger);
}

static gboolean
on_time (gpointer user_data)
{
  TaIdle *self = user_data;
  guint quiet = ta_usage_get_quiet_ms (self->usage);

  self->timer = 0;
  if (ta_idle_is_over (self))
    self->func (self->user_data);
  else
    self->timer = g_timeout_add (quiet < self->wait_ms ? self->wait_ms - quiet : self->wait_ms,
                                 on_time, self);
  return G_SOURCE_REMOVE;
}

/* Calls the function once nobody has needed the broker for so long; 0: never. */
void
ta_idle_wait (TaIdle *self, guint seconds, TaIdleFunc func, gpointer user_data)
{
  self->wait_ms = seconds * 1000;
  self->func = func;
  self->user_data = user_data;
  if (seconds > 0)
    self->timer = g_timeout_add (self->wait_ms, on_time, self);
}

static gboolean
on_drain_time (gpointer user_data)
{
  TaIdle *self = user_data;
  gboolean is_drained
      = !ta_service_is_called (self->service) && ta_usage_get_quiet_ms (self->usage) >= DRAIN_MS;

  if (!is_drained && ta_clock_boot_ms () < self->drained_at)
    return G_SOURCE_CONTINUE;
  self->timer = 0;
  self->func (self->user_data);
  return G_SOURCE_REMOVE;
}

/* The name has been given back: calls the function once all calls are answered that came. What has
 * arrived goes before the clock, and so is seen by it. */
void
ta_idle_drain (TaIdle *self, TaIdleFunc func, gpointer user_data)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  self->func = func;
  self->user_data = user_data;
  self->drained_at = ta_clock_boot_ms () + DRAIN_MAX_MS;
  self->timer = g_timeout_add_full (G_PRIORITY_LOW, DRAIN_MS, on_drain_time, self, NULL);
}

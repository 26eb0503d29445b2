/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-idle.h"

#include "base/ta-error.h"
#include "broker/ta-ending.h"
#include "daemon/ta-usage.h"
#include "io/ta-clock.h"
#include "io/ta-configuration.h"

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
 * Then it looks into the keyring, each time: what somebody deleted there is only here, and is
 * stored before it leaves; and one that does not answer says nothing of what it has.
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
  GCancellable *ended;  /* (owned): cancelled when this is freed */

  guint wait_ms;
  gint64 drained_at; /* on the boot clock, ms, at the latest */
  guint timer;
  TaIdleFunc func;
  gpointer user_data; /* (unowned) */
};

/* The last look, which may end when nobody wants it any more. */
typedef struct
{
  TaIdle *idle;        /* (unowned): gone once it has ended */
  GCancellable *ended; /* (owned) */
} Look;

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
  self->ended = g_cancellable_new ();
  return self;
}

void
ta_idle_free (TaIdle *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_cancellable_cancel (self->ended);
  g_object_unref (self->ended);
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
static gboolean
is_over (TaIdle *self)
{
  return ta_usage_get_quiet_ms (self->usage) >= self->wait_ms && !is_needed (self)
         && ta_ledger_save (self->ledger);
}

/* As it was found by the last look. */
static gboolean
is_blind (TaIdle *self)
{
  const TaStoreHealth *health = ta_store_get_health (ta_accounts_get_parts (self->accounts)->store);
  g_autoptr (GList) all = ta_accounts_list (self->accounts);

  return all != NULL && !health->is_well
         && g_error_matches (health->failure, TA_ERROR, TA_ERROR_STORAGE_UNAVAILABLE);
}

static void wait_anew (TaIdle *self);

static void
look_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Look *look = user_data;
  g_autoptr (GCancellable) ended = look->ended;

  ta_accounts_load_finish (TA_ACCOUNTS (source), result, NULL);
  if (g_cancellable_is_cancelled (ended))
    return;
  if (is_blind (look->idle) || !is_over (look->idle))
    wait_anew (look->idle);
  else
    look->idle->func (look->idle->user_data);
}

static void
take_last_look (TaIdle *self)
{
  Look *look = g_new0 (Look, 1);

  look->idle = self;
  look->ended = g_object_ref (self->ended);
  ta_accounts_load_async (self->accounts, NULL, FALSE, NULL, look_cb, look);
}

static gboolean
on_time (gpointer user_data)
{
  TaIdle *self = user_data;
  guint quiet = ta_usage_get_quiet_ms (self->usage);

  self->timer = 0;
  if (is_over (self))
    take_last_look (self);
  else
    self->timer = g_timeout_add (quiet < self->wait_ms ? self->wait_ms - quiet : self->wait_ms,
                                 on_time, self);
  return G_SOURCE_REMOVE;
}

/* A configuration that cannot be used is told of where it is needed. */
static void
wait_anew (TaIdle *self)
{
  g_autoptr (TaConfiguration) configuration = ta_configuration_load (NULL);

  self->wait_ms
      = 1000
        * (configuration != NULL ? configuration->idle_timeout : TA_CONFIGURATION_IDLE_TIMEOUT);
  if (self->wait_ms > 0)
    self->timer = g_timeout_add (self->wait_ms, on_time, self);
}

/* Calls the function once nobody has needed the broker for as long as is configured, which may be
 * never, and nothing would be lost. */
void
ta_idle_wait (TaIdle *self, TaIdleFunc func, gpointer user_data)
{
  self->func = func;
  self->user_data = user_data;
  wait_anew (self);
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

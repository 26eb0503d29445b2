/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-renewal.h"

#include "base/ta-error.h"
#include "broker/ta-hold.h"
#include "broker/ta-refresh.h"
#include "broker/ta-standing.h"
#include "broker/ta-unlocking.h"
#include "broker/ta-waiters.h"
#include "io/ta-alarm.h"
#include "io/ta-clock.h"

/* A keeper's token, renewed when it is due, in the order the functions stand below: from memory ->
 * may the provider be asked now? -> one refresh for all who wait -> everybody is answered. */

#define WAITERS_MAX 256

struct _TaRenewal
{
  GObject parent_instance;

  TaParts *parts;     /* (owned) */
  TaKeeper *keeper;   /* (owned) */
  TaWaiters *waiters; /* (owned) */
  TaAlarm *gate;      /* (owned) (nullable): rings when the provider may be asked again */
  gboolean refreshing;
  gboolean unlocking; /* the user is asked */
  TaQuorum *asking;   /* (owned) (nullable): for these */
  gboolean repairing;
  gboolean forcing; /* only because a caller says so */
  TaStanding standing;
  TaHold hold;
};

G_DEFINE_FINAL_TYPE (TaRenewal, ta_renewal, G_TYPE_OBJECT)

static void start_refresh (TaRenewal *self);

/* Milliseconds until the provider may be asked, if it is to be; `place` (nullable): where. */
static gint64
get_wait (TaRenewal *self, const char *place)
{
  const TaRecord *record = ta_keeper_get_record (self->keeper);

  if (place == NULL || ta_standing_is_over (&self->standing, record, TRUE))
    return 0;
  return ta_hold_get_wait (&self->hold, self->parts->throttle, place);
}

/* What a caller is told who cannot wait with the others. NULL with no error: it can. */
static TaTokenAnswer *
answer_at_door (TaRenewal *self, const TaTokenWish *wish, GError **error)
{
  const TaRecord *record = ta_keeper_get_record (self->keeper);
  g_autoptr (GError) problem = NULL;
  g_autofree char *place = NULL;
  gboolean is_locked = self->unlocking && !wish->interactive;
  gboolean is_full = ta_waiters_count (self->waiters) >= WAITERS_MAX;

  if (!record->refused)
    place = ta_discovery_find_place (self->parts->discovery, record->provider, &problem);
  if (problem == NULL && (place == NULL || !(is_locked || is_full)))
    return NULL;
  if (!ta_standing_is_over (&self->standing, record, FALSE)
      && !ta_token_wish_rejects (wish, record->token)
      && ta_token_is_valid (record->token, ta_clock_now ()))
    return ta_token_answer_new (record->token, TRUE);
  if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  else if (is_full)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_BUSY,
                         "Too many callers wait for this account: try again in a moment");
  else
    g_set_error_literal (error, TA_ERROR, TA_ERROR_STORAGE_LOCKED,
                         "The keyring is locked, and the user is being asked to unlock it: try "
                         "again");
  return NULL;
}

/* Looks whether the provider file still names the server that gave the tokens. */
void
ta_renewal_look (TaRenewal *self)
{
  if (ta_standing_look (&self->standing, self->parts->providers,
                        ta_keeper_get_record (self->keeper)))
    g_signal_emit_by_name (self, "changed");
}

/* (nullable) (transfer full): a token from memory. NULL with no error: a refresh is due. */
TaTokenAnswer *
ta_renewal_peek_token (TaRenewal *self, const TaTokenWish *wish, GError **error)
{
  ta_renewal_look (self);
  return ta_standing_answer (&self->standing, ta_keeper_get_record (self->keeper), wish, error);
}

/* Gives a token that is valid now: from memory or after a refresh. Once cancelled it waits no more.
 * Errors: TA_ERROR_SIGN_IN_REQUIRED, TA_ERROR_NO_SUCH_ACCOUNT, TA_ERROR_NOT_CONFIGURED,
 * TA_ERROR_BUSY and what a refresh may fail with. */
void
ta_renewal_get_token_async (TaRenewal *self, const TaTokenWish *wish, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  TaTokenAnswer *answer;

  g_task_set_source_tag (task, ta_renewal_get_token_async);
  answer = ta_renewal_peek_token (self, wish, &error);
  if (answer == NULL && error == NULL)
    answer = answer_at_door (self, wish, &error);
  if (answer != NULL)
    g_task_return_pointer (task, answer, (GDestroyNotify) ta_token_answer_free);
  else if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    {
      ta_waiters_add (self->waiters, task, wish);
      if (self->unlocking)
        ta_quorum_add (self->asking, wish->caller);
      self->repairing = self->repairing || wish->is_repair;
      self->forcing |= ta_standing_is_forced (ta_keeper_get_record (self->keeper), wish);
      if (!self->refreshing && !self->unlocking)
        start_refresh (self);
    }
}

TaTokenAnswer *
ta_renewal_get_token_finish (TaRenewal *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void unlock (TaRenewal *self);

/* Given up, because all who waited left: for one who came meanwhile it is begun anew. */
static void
unlock_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaRenewal) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean is_unlocked = ta_unlocking_finish (TA_KEEPER (source), result, &error);
  TaToken *token = ta_keeper_get_record (self->keeper)->token;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && self->unlocking
      && ta_waiters_count (self->waiters) > 0)
    {
      unlock (self);
      return;
    }
  if (!is_unlocked && self->unlocking)
    {
      self->unlocking = FALSE;
      ta_waiters_answer (self->waiters, token, ta_clock_now (), error, FALSE);
    }
  ta_renewal_resume (self);
  g_signal_emit_by_name (self, "ended", error);
}

static void
unlock (TaRenewal *self)
{
  g_clear_pointer (&self->asking, ta_quorum_free);
  self->asking = ta_waiters_create_quorum (self->waiters);
  ta_unlocking_async (self->parts, self->keeper, ta_quorum_get_cancellable (self->asking),
                      unlock_cb, g_object_ref (self));
}

/* Ends the refresh. Those that met a locked keyring and may ask the user go on waiting while the
 * user is asked. */
static void
end_refresh (TaRenewal *self, const GError *cause)
{
  const TaRecord *record = ta_keeper_get_record (self->keeper);
  g_autoptr (GError) error = ta_standing_explain (&self->standing, record, cause);
  gboolean is_locked = g_error_matches (error, TA_ERROR, TA_ERROR_STORAGE_LOCKED);

  ta_standing_note_refresh (&self->standing, cause == NULL && self->repairing);
  if (cause == NULL && self->forcing)
    ta_standing_note_forced (&self->standing);
  self->refreshing = FALSE;
  self->repairing = FALSE;
  self->forcing = FALSE;
  self->unlocking
      = ta_waiters_answer (self->waiters, record->token, ta_clock_now (), error, is_locked);
  if (self->unlocking)
    unlock (self);
  g_signal_emit_by_name (self, "ended", error);
}

static void
refresh_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaRenewal) self = user_data;
  g_autoptr (GError) error = NULL;

  ta_refresh_finish (self->keeper, result, &error);
  ta_hold_note (&self->hold, error);
  end_refresh (self, error);
}

static void
on_gate_opens (gpointer user_data)
{
  TaRenewal *self = user_data;

  g_clear_pointer (&self->gate, ta_alarm_free);
  if (ta_waiters_count (self->waiters) > 0)
    start_refresh (self);
}

/* Waits until the provider may be asked at `place`, with those that can; whether that is so. */
static gboolean
hold_back (TaRenewal *self, const char *place)
{
  gint64 wait = get_wait (self, place);
  g_autoptr (GError) reason = NULL;

  if (wait <= 0)
    return FALSE;
  reason = ta_hold_get_error (&self->hold, self->parts->throttle, place);
  self->refreshing = FALSE;
  self->gate = ta_alarm_new (wait, on_gate_opens, self);
  ta_waiters_hold_back (self->waiters, ta_keeper_get_record (self->keeper)->token, ta_clock_now (),
                        wait, reason);
  return TRUE;
}

static void
provider_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaRenewal) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider
      = ta_discovery_find_finish (TA_DISCOVERY (source), result, &error);

  if (self->standing.closed != NULL && error == NULL)
    error = g_error_copy (self->standing.closed);
  if (error != NULL)
    end_refresh (self, error);
  else if (!hold_back (self, provider->token_endpoint))
    ta_refresh_async (self->parts, self->keeper, provider, refresh_cb, g_object_ref (self));
}

/* Refreshes as soon as the provider may be asked. */
static void
start_refresh (TaRenewal *self)
{
  const char *id = ta_keeper_get_record (self->keeper)->provider;
  g_autoptr (GError) error = NULL;
  g_autofree char *place = ta_discovery_find_place (self->parts->discovery, id, &error);

  g_clear_pointer (&self->gate, ta_alarm_free);
  if (self->standing.closed != NULL && error == NULL)
    error = g_error_copy (self->standing.closed);
  if (error != NULL)
    end_refresh (self, error);
  else if (!hold_back (self, place))
    {
      self->refreshing = TRUE;
      ta_discovery_find_async (self->parts->discovery, id, NULL, provider_cb, g_object_ref (self));
    }
}

static void
on_throttle_reopened (TaThrottle *throttle, TaRenewal *self)
{
  if (self->gate != NULL)
    on_gate_opens (self);
}

/* The keyring can be read again, whoever unlocked it. */
void
ta_renewal_resume (TaRenewal *self)
{
  if (!self->unlocking)
    return;
  self->unlocking = FALSE;
  if (ta_waiters_count (self->waiters) > 0)
    start_refresh (self);
}

/* Closes it with the reason why no more tokens are given out, or opens it again (NULL). A refresh
 * that runs goes on. */
void
ta_renewal_close (TaRenewal *self, const GError *reason)
{
  ta_standing_close (&self->standing, reason);
  if (reason != NULL && self->gate != NULL)
    on_gate_opens (self);
}

/* Whether the provider file named another server than that of the tokens, at the last look. */
gboolean
ta_renewal_is_detached (TaRenewal *self)
{
  return self->standing.detached != NULL;
}

gboolean
ta_renewal_is_refreshing (TaRenewal *self)
{
  return self->refreshing;
}

static void
ta_renewal_init (TaRenewal *self)
{
  self->waiters = ta_waiters_new ();
}

static void
ta_renewal_finalize (GObject *object)
{
  TaRenewal *self = TA_RENEWAL (object);

  g_signal_handlers_disconnect_by_data (self->parts->throttle, self);
  g_clear_pointer (&self->gate, ta_alarm_free);
  g_clear_pointer (&self->asking, ta_quorum_free);
  ta_waiters_free (self->waiters);
  ta_hold_clear (&self->hold);
  ta_standing_clear (&self->standing);
  g_object_unref (self->keeper);
  ta_parts_unref (self->parts);
  G_OBJECT_CLASS (ta_renewal_parent_class)->finalize (object);
}

static void
ta_renewal_class_init (TaRenewalClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_renewal_finalize;

  /* ta_renewal_is_detached() is another. */
  g_signal_new ("changed", TA_TYPE_RENEWAL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /* A refresh came to its end, or an unlocking; its GError, or NULL. */
  g_signal_new ("ended", TA_TYPE_RENEWAL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_POINTER);
}

TaRenewal *
ta_renewal_new (TaParts *parts, TaKeeper *keeper)
{
  TaRenewal *self = g_object_new (TA_TYPE_RENEWAL, NULL);

  self->parts = ta_parts_ref (parts);
  self->keeper = g_object_ref (keeper);
  g_signal_connect (parts->throttle, "reopened", G_CALLBACK (on_throttle_reopened), self);
  return self;
}

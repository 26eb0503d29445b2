/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-renewal.h"

#include "base/ta-error.h"
#include "broker/ta-refresh.h"
#include "broker/ta-waiters.h"
#include "io/ta-alarm.h"
#include "io/ta-clock.h"
#include "io/ta-providers.h"

/* A keeper's token, renewed when it is due, in the order the functions stand below: from memory ->
 * may the provider be asked now? -> one refresh for all who wait -> everybody is answered. */

#define WAITERS_MAX 256

/* How long a caller without a time-out of its own waits for the provider's gate, seconds. */
#define PATIENCE 60

/* An API that refuses fresh tokens is not helped by ever more of them. */
#define REPAIR_SPACING 30

struct _TaRenewal
{
  GObject parent_instance;

  TaParts *parts;     /* (owned) */
  TaKeeper *keeper;   /* (owned) */
  TaWaiters *waiters; /* (owned) */
  TaAlarm *gate;      /* (owned) (nullable): rings when the provider may be asked again */
  gboolean closed;
  gboolean refreshing;
  gboolean prompts;
  gboolean repairing;
  gint64 repaired_at; /* on the boot clock, seconds; 0: never */
};

G_DEFINE_FINAL_TYPE (TaRenewal, ta_renewal, G_TYPE_OBJECT)

static void start_refresh (TaRenewal *self, gboolean may_prompt);

static void
fail_closed (GError **error)
{
  g_set_error_literal (error, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                       "This account is being signed out: sign in again afterwards");
}

static gboolean
is_repaired (TaRenewal *self, const TaTokenWish *wish, TaInstant now)
{
  return wish->is_repair && self->repaired_at != 0 && now.boot - self->repaired_at < REPAIR_SPACING;
}

/* A token without asking anybody. NULL with no error: a refresh is due. */
static TaTokenAnswer *
answer_from_memory (TaRenewal *self, const TaTokenWish *wish, GError **error)
{
  TaRecord *record = ta_keeper_get_record (self->keeper);
  TaToken *token = record->token;
  TaInstant now = ta_clock_now ();
  gboolean rejected = ta_token_wish_rejects (wish, token);

  if (self->closed)
    fail_closed (error);
  else if (record->refused)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED,
                         "The provider ended this login: sign in again");
  else if (rejected && is_repaired (self, wish, now))
    return ta_token_answer_new (token, TRUE);
  else if (!rejected && ta_token_is_fresh (token, now, wish->min_validity))
    return ta_token_answer_new (token, FALSE);
  else if (token->refresh_token == NULL && !rejected && ta_token_is_valid (token, now))
    return ta_token_answer_new (token, TRUE);
  else if (token->refresh_token == NULL)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED,
                         "The token expired and the provider gave none to refresh it with: sign "
                         "in again");
  return NULL;
}

/* Milliseconds; `provider` (nullable). */
static gint64
get_wait (TaRenewal *self, const TaProvider *provider)
{
  return provider == NULL ? 0
                          : ta_throttle_get_wait (self->parts->throttle, provider->token_endpoint);
}

/* What a caller is told who cannot wait until the provider may be asked. NULL with no error: it can
 * wait. */
static TaTokenAnswer *
answer_at_gate (TaRenewal *self, const TaTokenWish *wish, GError **error)
{
  TaRecord *record = ta_keeper_get_record (self->keeper);
  g_autoptr (TaProvider) provider = ta_providers_find (record->provider, error);
  gint64 patience = wish->timeout > 0 ? wish->timeout : PATIENCE;
  gint64 wait = get_wait (self, provider);

  if (ta_waiters_get_size (self->waiters) >= WAITERS_MAX)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_BUSY,
                         "Too many callers wait for this account: try again in a moment");
  else if (wait > 0 && !ta_token_wish_rejects (wish, record->token)
           && ta_token_is_valid (record->token, ta_clock_now ()))
    return ta_token_answer_new (record->token, TRUE);
  else if (wait > patience * 1000)
    g_propagate_error (error,
                       ta_throttle_get_error (self->parts->throttle, provider->token_endpoint));
  return NULL;
}

/* Gives a token that is valid now: from memory or after a refresh.
 * Errors: TA_ERROR_SIGN_IN_REQUIRED, TA_ERROR_NO_SUCH_ACCOUNT, TA_ERROR_NOT_CONFIGURED,
 * TA_ERROR_BUSY and what a refresh may fail with. */
void
ta_renewal_get_token_async (TaRenewal *self, const TaTokenWish *wish, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  g_autoptr (GError) error = NULL;
  TaTokenAnswer *answer = answer_from_memory (self, wish, &error);

  g_task_set_source_tag (task, ta_renewal_get_token_async);
  if (answer == NULL && error == NULL)
    answer = answer_at_gate (self, wish, &error);
  if (answer != NULL)
    g_task_return_pointer (task, answer, (GDestroyNotify) ta_token_answer_free);
  else if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    {
      ta_waiters_add (self->waiters, task, wish);
      self->repairing = self->repairing || wish->is_repair;
      if (!self->refreshing && self->gate == NULL)
        start_refresh (self, wish->interactive);
    }
}

TaTokenAnswer *
ta_renewal_get_token_finish (TaRenewal *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Ends the refresh. Who may prompt and met a locked keyring without a prompt gets another one. */
static void
end_refresh (TaRenewal *self, const GError *error)
{
  TaToken *token = ta_keeper_get_record (self->keeper)->token;
  gboolean is_locked = g_error_matches (error, TA_ERROR, TA_ERROR_STORAGE_LOCKED);

  if (ta_waiters_answer (self->waiters, token, ta_clock_now (), error, is_locked && !self->prompts))
    start_refresh (self, TRUE);
  g_signal_emit_by_name (self, "ended", is_locked);
}

/* A record that somebody else stored may need a person too. */
static void
check_record (TaRecord *record, GError **error)
{
  if (record->refused
      || (record->token->refresh_token == NULL
          && !ta_token_is_valid (record->token, ta_clock_now ())))
    g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED,
                         "The provider ended this login: sign in again");
}

static void
refresh_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaRenewal) self = user_data;
  g_autoptr (GError) error = NULL;

  self->refreshing = FALSE;
  if (ta_refresh_finish (self->keeper, result, &error))
    check_record (ta_keeper_get_record (self->keeper), &error);
  if (error == NULL && self->repairing)
    self->repaired_at = ta_clock_now ().boot;
  self->repairing = FALSE;
  end_refresh (self, error);
}

static void
on_gate_opens (gpointer user_data)
{
  TaRenewal *self = user_data;

  g_clear_pointer (&self->gate, ta_alarm_free);
  start_refresh (self, FALSE);
}

/* Refreshes as soon as the provider may be asked. */
static void
start_refresh (TaRenewal *self, gboolean may_prompt)
{
  TaRecord *record = ta_keeper_get_record (self->keeper);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = ta_providers_find (record->provider, &error);
  gint64 wait = get_wait (self, provider);

  if (self->closed && error == NULL)
    fail_closed (&error);
  if (error != NULL)
    end_refresh (self, error);
  else if (wait > 0)
    self->gate = ta_alarm_new (wait, on_gate_opens, self);
  else
    {
      self->refreshing = TRUE;
      self->prompts = may_prompt;
      ta_refresh_async (self->parts, self->keeper, provider, may_prompt, refresh_cb,
                        g_object_ref (self));
    }
}

static void
on_throttle_reopened (TaThrottle *throttle, TaRenewal *self)
{
  if (self->gate != NULL)
    on_gate_opens (self);
}

/* While closed it gives out no tokens, because the account is being signed out. A refresh that runs
 * goes on. */
void
ta_renewal_set_closed (TaRenewal *self, gboolean closed)
{
  self->closed = closed;
  if (closed && self->gate != NULL)
    on_gate_opens (self);
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
  ta_waiters_free (self->waiters);
  g_object_unref (self->keeper);
  ta_parts_unref (self->parts);
  G_OBJECT_CLASS (ta_renewal_parent_class)->finalize (object);
}

static void
ta_renewal_class_init (TaRenewalClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_renewal_finalize;

  /* A refresh came to its end; whether it was because the keyring is locked. */
  g_signal_new ("ended", TA_TYPE_RENEWAL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_BOOLEAN);
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

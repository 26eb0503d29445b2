/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-admission.h"

#include "base/ta-error.h"
#include "broker/ta-access.h"
#include "broker/ta-patience.h"
#include "daemon/ta-places.h"

/* Whether and when a call is made, in the order the functions stand below from identify() up to
 * begin(): who calls? -> may its class? -> is there a place to work at? -> which account is meant?
 * -> is it granted, or what does the user say? -> the work, whose result is noted.
 * Nothing is refreshed, unlocked or opened in a browser before that is through, and a known program
 * of the host that is open to everything is through at once, without a message on the bus.
 *
 * Work that costs others something needs a place. A token needs none but to look up what is
 * granted: who waits for a refresh is counted there. */

struct _TaAdmission
{
  TaApplications *applications; /* (owned) */
  TaAccounts *accounts;         /* (owned) */
  TaLedger *ledger;             /* (owned) */
  TaAccess *access;             /* (owned) */
  TaPatience *patience;         /* (owned): with what calls asked of the user in vain */
  TaPlaces *places;             /* (owned) */
  gboolean is_closed;
  guint n_callers;
};

/* A caller that an answer is waited for. */
typedef struct
{
  TaAdmission *self; /* (unowned) */
  TaCaller *caller;  /* (owned) */
} Visit;

TaAdmission *
ta_admission_new (GDBusConnection *bus, TaApplications *applications, TaAccounts *accounts,
                  TaLedger *ledger)
{
  TaAdmission *self = g_new0 (TaAdmission, 1);

  self->applications = g_object_ref (applications);
  self->accounts = g_object_ref (accounts);
  self->ledger = g_object_ref (ledger);
  self->access = ta_access_new (bus);
  self->patience = ta_patience_new ();
  self->places = ta_places_new ();
  return self;
}

void
ta_admission_free (TaAdmission *self)
{
  ta_places_free (self->places);
  g_object_unref (self->access);
  ta_patience_free (self->patience);
  g_object_unref (self->ledger);
  g_object_unref (self->accounts);
  g_object_unref (self->applications);
  g_free (self);
}

/* How many calls are not done yet. */
guint
ta_admission_get_size (TaAdmission *self)
{
  return self->n_callers;
}

/* Whether no question and no answer of the user's keeps any application waiting. */
gboolean
ta_admission_is_patient (TaAdmission *self)
{
  return ta_patience_is_over (self->patience) && ta_access_is_patient (self->access);
}

/* No call is begun any more, and nobody is asked. */
void
ta_admission_close (TaAdmission *self)
{
  self->is_closed = TRUE;
  ta_access_close (self->access);
}

static Visit *
visit_new (TaAdmission *self, TaCaller *caller)
{
  const Visit visit = { self, caller };

  return g_memdup2 (&visit, sizeof visit);
}

/* Takes the caller. */
static void
refuse (TaCaller *caller, int code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (TA_ERROR, code, message);

  ta_caller_fail (caller, error);
}

/* TRUE: it took the caller. */
static gboolean
is_too_late (TaAdmission *self, TaCaller *caller)
{
  if (self->is_closed)
    refuse (caller, TA_ERROR_BUSY, "The broker is being ended: try again, which starts it anew");
  return self->is_closed;
}

/* Takes the caller. */
static void
begin (TaAdmission *self, TaCaller *caller)
{
  const TaApplication *application = ta_caller_get_application (caller);

  if (is_too_late (self, caller))
    return;
  if (application->trust == TA_TRUST_SANDBOXED
      && !ta_patience_check (self->patience, application->id, NULL))
    ta_caller_set_quiet (caller);
  if (ta_caller_get_errand (caller)->kind == TA_ERRAND_TOKEN)
    ta_caller_leave (caller);
  ta_caller_work (caller);
}

static void
access_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Visit *visit = user_data;
  TaAccess *access = TA_ACCESS (source);
  gboolean is_sign_in = ta_caller_get_errand (visit->caller)->kind == TA_ERRAND_SIGN_IN;
  g_autoptr (GError) error = NULL;

  if (is_sign_in ? ta_access_ask_sign_in_finish (access, result, &error)
                 : ta_access_check_finish (access, result, &error))
    begin (visit->self, visit->caller);
  else
    ta_caller_fail (visit->caller, error);
}

/* Takes the caller. */
static void
check_access (TaAdmission *self, TaCaller *caller)
{
  const TaErrand *errand = ta_caller_get_errand (caller);
  TaApplication *application = ta_caller_get_application (caller);
  GCancellable *cancellable = ta_caller_get_cancellable (caller);
  Visit *visit = visit_new (self, caller);

  if (errand->kind == TA_ERRAND_SIGN_IN)
    ta_access_ask_sign_in_async (self->access, application, errand->account, cancellable, access_cb,
                                 visit);
  else
    ta_access_check_async (self->access, application, errand->account, errand->method, errand->path,
                           errand->interactive, cancellable, access_cb, visit);
}

/* The account that "" means is the one that is asked about. */
static void
resolve (TaAdmission *self, TaCaller *caller)
{
  const TaErrand *errand = ta_caller_get_errand (caller);
  const char *chosen = ta_accounts_get_default (self->accounts);
  g_autoptr (GList) all = ta_accounts_list (self->accounts);
  g_autoptr (GError) error = NULL;
  TaAccount *account = ta_accounts_find (self->accounts, "", &error);

  if (account != NULL)
    ta_caller_set_account (caller, ta_account_get_id (account));
  else if (*chosen != '\0')
    ta_caller_set_account (caller, chosen);
  else if (all == NULL && errand->newcomer != NULL
           && g_error_matches (error, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT))
    ta_caller_set_account (caller, errand->newcomer);
  else
    {
      ta_caller_fail (caller, error);
      return;
    }
  check_access (self, caller);
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Visit *visit = user_data;

  ta_accounts_load_finish (TA_ACCOUNTS (source), result, NULL);
  resolve (visit->self, visit->caller);
}

static gboolean
is_open (TaAdmission *self, TaCaller *caller)
{
  const TaApplication *application = ta_caller_get_application (caller);

  switch (ta_caller_get_errand (caller)->kind)
    {
    case TA_ERRAND_TOKEN:
    case TA_ERRAND_CALL:
      return ta_access_is_open_to (self->access, application);
    default:
      return application->trust == TA_TRUST_HOST;
    }
}

/* There is a place. */
static void
on_place (TaCaller *caller, gpointer user_data)
{
  TaAdmission *self = user_data;

  if (is_open (self, caller))
    begin (self, caller);
  else if (*ta_caller_get_errand (caller)->account == '\0')
    ta_accounts_load_async (self->accounts, "", FALSE, NULL, load_cb, visit_new (self, caller));
  else
    check_access (self, caller);
}

/* Takes the caller. */
static void
find_place (TaAdmission *self, TaCaller *caller)
{
  const TaErrand *errand = ta_caller_get_errand (caller);
  gboolean may_ask = errand->interactive;

  if (errand->kind == TA_ERRAND_CANCEL || errand->kind == TA_ERRAND_ACTIVITY
      || (errand->kind == TA_ERRAND_TOKEN && is_open (self, caller)))
    {
      begin (self, caller);
      return;
    }
  if (errand->kind == TA_ERRAND_SIGN_IN)
    may_ask = !is_open (self, caller);
  ta_caller_enter (caller, ta_places_find (self->places, errand, may_ask), on_place, self);
}

/* Takes the caller. */
static void
check_class (TaAdmission *self, TaCaller *caller, TaApplication *application)
{
  const char *refusal = ta_errand_find_refusal (ta_caller_get_errand (caller), application->trust);

  ta_caller_set_application (caller, application);
  if (refusal == NULL)
    find_place (self, caller);
  else
    refuse (caller, TA_ERROR_NOT_AUTHORIZED, refusal);
}

static void
lookup_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Visit *visit = user_data;
  g_autoptr (TaApplication) application
      = ta_applications_lookup_finish (TA_APPLICATIONS (source), result);

  ta_caller_leave (visit->caller);
  check_class (visit->self, visit->caller, application);
}

/* There is room for one more of whom nobody knows who it is. */
static void
on_room (TaCaller *caller, gpointer user_data)
{
  TaAdmission *self = user_data;

  ta_applications_lookup_async (self->applications, ta_caller_get_sender (caller), lookup_cb,
                                visit_new (self, caller));
}

static void
identify (TaAdmission *self, TaCaller *caller)
{
  const char *sender = ta_caller_get_sender (caller);
  TaApplication *known = ta_applications_peek (self->applications, sender);

  if (known != NULL)
    check_class (self, caller, known);
  else
    ta_caller_enter (caller,
                     ta_places_find_for_stranger (self->places, ta_caller_get_errand (caller)),
                     on_room, self);
}

/* As it is noted. What is no account is the caller's own word, and might be anything. */
static const char *
name_account (TaAdmission *self, const TaErrand *errand, const char *result)
{
  TaAccount *meant = *errand->account == '\0' ? ta_accounts_find (self->accounts, "", NULL) : NULL;

  if (meant != NULL)
    return ta_account_get_id (meant);
  return g_str_equal (result, "NoSuchAccount") ? "" : errand->account;
}

/* An application that may make calls could open the browser, or ask for the keyring's password,
 * over and over: after a time in vain its calls do without for a while. */
static void
note_patience (TaAdmission *self, TaCaller *caller, const char *result)
{
  const TaApplication *application = ta_caller_get_application (caller);

  if (application->trust == TA_TRUST_SANDBOXED
      && ta_errand_was_in_vain (ta_caller_get_errand (caller), result))
    ta_patience_note_denial (self->patience, application->id);
}

static void
on_ended (TaCaller *caller, const char *result, gpointer user_data)
{
  TaAdmission *self = user_data;
  const TaErrand *errand = ta_caller_get_errand (caller);
  g_autofree char *what = ta_errand_describe (errand);

  if (ta_caller_get_application (caller) == NULL)
    return;
  note_patience (self, caller, result);
  if (what != NULL)
    ta_ledger_record (self->ledger, ta_caller_get_application (caller),
                      name_account (self, errand, result), what, result);
}

static void
on_left (gpointer user_data)
{
  TaAdmission *self = user_data;

  self->n_callers--;
}

/* Lets the caller's work begin, or answers why not. Takes the caller. */
void
ta_admission_enter (TaAdmission *self, TaCaller *caller)
{
  if (is_too_late (self, caller))
    return;
  self->n_callers++;
  ta_caller_watch_end (caller, self->applications, on_ended, on_left, self);
  identify (self, caller);
}

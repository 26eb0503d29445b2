/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-reminder.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"
#include "io/ta-notification.h"
#include "io/ta-providers.h"
#include "io/ta-settings.h"
#include "oauth/ta-endpoint.h"

#include <glib/gi18n.h>

/* Tells the user of a login that ended, and of nothing else:
 *
 * - only when an application wanted a token and could not have it without the user;
 * - one notification per account, which goes when the login is back, when the account is signed out
 *   and when somebody signs in already; what a broker left that was killed goes when the next one
 *   starts;
 * - after a "no" of any kind nothing more of that account for a day, not even by the next broker,
 *   unless it was signed in since;
 * - nothing while a sign-in could not succeed: without a network, with a locked keyring, without a
 *   provider. The next request of an application comes here again. */

#define QUIET (24 * 60 * 60 * G_GINT64_CONSTANT (1000)) /* ms */

#define SIGN_IN "sign-in"
#define LATER "later"
#define CLICK "default" /* on the notification itself, where there is no button */

struct _TaReminder
{
  GObject parent_instance;

  TaAccounts *accounts; /* (owned) */
  TaSignIns *sign_ins;  /* (owned) */
  GHashTable *losses;   /* (owned): account id (owned by the loss) to Loss */
};

G_DEFINE_FINAL_TYPE (TaReminder, ta_reminder, G_TYPE_OBJECT)

/* A login that ended and that was asked for since. */
typedef struct
{
  TaReminder *reminder; /* (unowned) */
  TaAccount *account;   /* (owned) */
  char *id;             /* (owned): of the account */
  gint64 generation;    /* of the record that is of no use, for now at least */
  gboolean is_detached; /* it is of use again once its provider's file names its server again */
  gboolean preparing;
  TaNotification *notification; /* (owned) (nullable): while it is to be seen */
  gint64 quiet_until;           /* on the clock of ta_clock_boot_ms() */
} Loss;

/* What must not be forgotten while the keyring is asked. */
typedef struct
{
  TaReminder *reminder; /* (owned) */
  TaAccount *account;   /* (owned) */
} Check;

static void
withdraw (Loss *loss)
{
  if (loss->notification == NULL)
    return;
  g_signal_handlers_disconnect_by_data (loss->notification, loss);
  ta_notification_withdraw (loss->notification);
  g_clear_object (&loss->notification);
}

static void
loss_free (Loss *loss)
{
  withdraw (loss);
  g_signal_handlers_disconnect_by_data (loss->account, loss);
  g_object_unref (loss->account);
  g_free (loss->id);
  g_free (loss);
}

static void
be_quiet (Loss *loss)
{
  loss->quiet_until = ta_clock_boot_ms () + QUIET;
  ta_settings_save_quiet (loss->id, loss->generation, loss->quiet_until);
}

static gboolean
is_solved (Loss *loss)
{
  return !g_str_equal (ta_account_get_state (loss->account), "sign-in-required")
         && (loss->is_detached
             || ta_account_get_record (loss->account)->generation != loss->generation);
}

static void
forget (TaReminder *self, const char *id)
{
  ta_settings_save_quiet (id, 0, 0);
  g_hash_table_remove (self->losses, id);
}

static void
on_account_changed (TaAccount *account, Loss *loss)
{
  if (is_solved (loss))
    forget (loss->reminder, loss->id);
}

static void
on_account_removed (TaAccounts *accounts, TaAccount *account, TaReminder *self)
{
  forget (self, ta_account_get_id (account));
}

/* Whoever says no in the browser or gives up has seen what there is to see. */
static void
on_sign_in_changed (TaSignIn *sign_in, TaReminder *self)
{
  const TaSignInStatus *status = ta_sign_in_get_status (sign_in);
  Loss *loss = g_hash_table_lookup (self->losses, status->account);

  if (loss != NULL
      && (g_error_matches (status->error, TA_ERROR, TA_ERROR_SIGN_IN_DENIED)
          || g_error_matches (status->error, TA_ERROR, TA_ERROR_SIGN_IN_CANCELLED)))
    be_quiet (loss);
}

/* Somebody is on it already. */
static void
on_sign_in_added (TaSignIns *sign_ins, TaSignIn *sign_in, TaReminder *self)
{
  Loss *loss = g_hash_table_lookup (self->losses, ta_sign_in_get_status (sign_in)->account);

  g_signal_connect_object (sign_in, "changed", G_CALLBACK (on_sign_in_changed), self, 0);
  if (loss != NULL)
    withdraw (loss);
}

static void
on_action (TaNotification *notification, const char *key, Loss *loss)
{
  TaReminder *self = loss->reminder;
  g_autofree char *id = g_strdup (loss->id);
  g_autoptr (GError) error = NULL;

  withdraw (loss);
  if (!g_str_equal (key, SIGN_IN) && !g_str_equal (key, CLICK))
    be_quiet (loss);
  else if (ta_sign_ins_start (self->sign_ins, id, NULL, NULL, TA_SIGN_IN_BY_BROWSER, &error)
           == NULL)
    g_message ("%s", error->message);
}

static void
on_closed (TaNotification *notification, gboolean seen, Loss *loss)
{
  withdraw (loss);
  if (seen)
    be_quiet (loss);
}

static void
notify (Loss *loss, const TaProvider *provider)
{
  g_autofree char *summary = g_strdup_printf (_ ("Sign in to %s again"), provider->name);
  g_autofree char *body
      = g_strdup_printf (_ ("An application needs the account %s, and its login at %s has ended."),
                         loss->id, provider->name);
  g_autofree char *command
      = g_strdup_printf (_ ("To sign in, run: tidio-auth sign-in %s"), loss->id);

  loss->notification = ta_notification_new (summary, body, command);
  ta_notification_add_action (loss->notification, CLICK, _ ("Sign in"));
  ta_notification_add_action (loss->notification, SIGN_IN, _ ("Sign in"));
  ta_notification_add_action (loss->notification, LATER, _ ("Later"));
  g_signal_connect (loss->notification, "action", G_CALLBACK (on_action), loss);
  g_signal_connect (loss->notification, "closed", G_CALLBACK (on_closed), loss);
  ta_notification_show (loss->notification);
}

/* A provider on this computer needs no network. */
static gboolean
is_reachable (const TaProvider *provider)
{
  const char *place
      = provider->token_endpoint != NULL ? provider->token_endpoint : provider->issuer;
  g_autoptr (GUri) uri = g_uri_parse (place, G_URI_FLAGS_ENCODED, NULL);

  return ta_endpoint_is_loopback (g_uri_get_host (uri))
         || g_network_monitor_get_network_available (g_network_monitor_get_default ());
}

static void
check_free (Check *check)
{
  g_object_unref (check->reminder);
  g_object_unref (check->account);
  g_free (check);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Check, check_free)

static void
check_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Check) check = user_data;
  TaReminder *self = check->reminder;
  g_autoptr (GPtrArray) items = ta_store_load_finish (TA_STORE (source), result, NULL, NULL);
  Loss *loss = g_hash_table_lookup (self->losses, ta_account_get_id (check->account));
  g_autoptr (TaProvider) provider = NULL;

  if (loss == NULL || loss->account != check->account)
    return;
  loss->preparing = FALSE;
  provider = ta_providers_find_oauth (ta_account_get_record (loss->account)->provider, NULL);
  if (items != NULL && provider != NULL && is_reachable (provider)
      && ta_sign_ins_find (self->sign_ins, loss->id) == NULL)
    notify (loss, provider);
}

static Loss *
find_or_add (TaReminder *self, TaAccount *account)
{
  const char *id = ta_account_get_id (account);
  Loss *loss = g_hash_table_lookup (self->losses, id);

  if (loss != NULL && loss->account == account)
    return loss;
  loss = g_new0 (Loss, 1);
  loss->reminder = self;
  loss->account = g_object_ref (account);
  loss->id = g_strdup (id);
  loss->generation = ta_account_get_record (account)->generation;
  loss->is_detached = ta_account_is_detached (account);
  loss->quiet_until = ta_settings_load_quiet (id, loss->generation, QUIET);
  g_signal_connect (account, "changed", G_CALLBACK (on_account_changed), loss);
  g_hash_table_replace (self->losses, loss->id, loss);
  return loss;
}

/* An application wanted a token of the account without the user, and only a sign-in helps. The
 * keyring is asked, because a state of "sign-in-required" does not tell whether it is locked. */
void
ta_reminder_need (TaReminder *self, TaAccount *account)
{
  Loss *loss = find_or_add (self, account);
  Check *check;

  if (loss->preparing || loss->notification != NULL || ta_clock_boot_ms () < loss->quiet_until)
    return;
  check = g_new0 (Check, 1);
  check->reminder = g_object_ref (self);
  check->account = g_object_ref (account);
  loss->preparing = TRUE;
  ta_store_load_async (ta_accounts_get_parts (self->accounts)->store, TA_STORE_ACCOUNT,
                       TA_LOAD_PROMPT_NEVER, NULL, check_cb, check);
}

static gboolean
is_shown (gpointer key, gpointer value, gpointer user_data)
{
  const Loss *loss = value;

  return loss->preparing || loss->notification != NULL;
}

/* Whether a notification is to be seen, or is about to be. */
gboolean
ta_reminder_is_shown (TaReminder *self)
{
  return g_hash_table_find (self->losses, is_shown, NULL) != NULL;
}

static void
ta_reminder_init (TaReminder *self)
{
  self->losses = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) loss_free);
}

static void
ta_reminder_finalize (GObject *object)
{
  TaReminder *self = TA_REMINDER (object);

  g_hash_table_unref (self->losses);
  g_object_unref (self->sign_ins);
  g_object_unref (self->accounts);
  G_OBJECT_CLASS (ta_reminder_parent_class)->finalize (object);
}

static void
ta_reminder_class_init (TaReminderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_reminder_finalize;
}

/* Its notifications go with it. */
TaReminder *
ta_reminder_new (TaAccounts *accounts, TaSignIns *sign_ins)
{
  TaReminder *self = g_object_new (TA_TYPE_REMINDER, NULL);

  self->accounts = g_object_ref (accounts);
  self->sign_ins = g_object_ref (sign_ins);
  g_signal_connect_object (accounts, "removed", G_CALLBACK (on_account_removed), self, 0);
  g_signal_connect_object (sign_ins, "added", G_CALLBACK (on_sign_in_added), self, 0);
  return self;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-ins.h"

#include "base/ta-error.h"
#include "broker/ta-grant.h"
#include "io/ta-providers.h"

/* Who is signing in: which sign-ins run, and how long they are told of afterwards. One that was
 * only begun because a caller wanted a token ends when all who wait for it have left. */

#define MAX_SIGN_INS 4
#define KEEP_ENDED 60 /* seconds */
#define MAX_ENDED 32

struct _TaSignIns
{
  GObject parent_instance;

  TaAccounts *accounts; /* (owned) */
  GPtrArray *running;   /* (owned) (element-type TaSignIn) */
  GHashTable *waiting;  /* (owned): of those that only callers want: how many of these wait */
  GQueue *ended;        /* (owned): Ended (owned), the oldest first */
};

G_DEFINE_FINAL_TYPE (TaSignIns, ta_sign_ins, G_TYPE_OBJECT)

/* A sign-in that a late reader may still look at. */
typedef struct
{
  TaSignIn *sign_in; /* (owned) */
  guint timer;
} Ended;

static void
ended_free (Ended *ended)
{
  g_source_remove (ended->timer);
  g_object_unref (ended->sign_in);
  g_free (ended);
}

static void
on_granted (TaSignIn *sign_in, TaToken *token, TaIdentity *identity, TaSignIns *self)
{
  ta_grant_keep (self->accounts, sign_in, token, identity);
}

static void
on_useless (TaSignIn *sign_in, TaToken *token, TaSignIns *self)
{
  ta_grant_give_back (self->accounts, sign_in, token, NULL);
}

static void
forget_oldest (TaSignIns *self)
{
  Ended *ended = g_queue_pop_head (self->ended);

  g_signal_emit_by_name (ended->sign_in, "expired");
  ended_free (ended);
}

static gboolean
on_kept_long_enough (gpointer user_data)
{
  forget_oldest (user_data);
  return G_SOURCE_CONTINUE;
}

/* Keeps an ended sign-in for a while, and not too many. */
static void
keep (TaSignIns *self, TaSignIn *sign_in)
{
  Ended *ended = g_new0 (Ended, 1);

  ended->sign_in = g_object_ref (sign_in);
  ended->timer = g_timeout_add_seconds (KEEP_ENDED, on_kept_long_enough, self);
  g_queue_push_tail (self->ended, ended);
  if (self->ended->length > MAX_ENDED)
    forget_oldest (self);
}

static void
on_sign_in_changed (TaSignIn *sign_in, TaSignIns *self)
{
  if (!ta_sign_in_is_over (sign_in) || !g_ptr_array_find (self->running, sign_in, NULL))
    return;
  keep (self, sign_in);
  g_hash_table_remove (self->waiting, sign_in);
  g_ptr_array_remove (self->running, sign_in);
}

/* (nullable): the running sign-in of an account. Owned by this object. */
TaSignIn *
ta_sign_ins_find (TaSignIns *self, const char *account)
{
  for (guint i = 0; i < self->running->len; i++)
    if (g_str_equal (ta_sign_in_get_status (self->running->pdata[i])->account, account))
      return self->running->pdata[i];
  return NULL;
}

static gboolean
is_redirect_uri_taken (TaSignIns *self, const char *redirect_uri)
{
  for (guint i = 0; i < self->running->len; i++)
    {
      const TaSignInStatus *status = ta_sign_in_get_status (self->running->pdata[i]);

      if (status->way != TA_SIGN_IN_BY_DEVICE
          && g_str_equal (status->provider->redirect_uri, redirect_uri))
        return TRUE;
    }
  return FALSE;
}

/* Whether port 0 of the URI leaves room for several sign-ins at once. */
static gboolean
is_ephemeral (const char *redirect_uri)
{
  g_autoptr (GUri) uri = g_uri_parse (redirect_uri, G_URI_FLAGS_ENCODED, NULL);

  return g_uri_get_port (uri) == 0;
}

static TaSignIn *
start_sign_in (TaSignIns *self, const char *account, TaProvider *provider,
               const char *const *scopes, TaSignInWay way, GError **error)
{
  TaSignIn *sign_in;

  if (way != TA_SIGN_IN_BY_DEVICE && !is_ephemeral (provider->redirect_uri)
      && is_redirect_uri_taken (self, provider->redirect_uri))
    {
      g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_IN_PROGRESS,
                           "Another account is signing in on the same redirect URI: finish or "
                           "cancel that first");
      return NULL;
    }
  if (self->running->len >= MAX_SIGN_INS)
    {
      g_set_error_literal (error, TA_ERROR, TA_ERROR_BUSY,
                           "Too many sign-ins are waiting: finish or cancel one first");
      return NULL;
    }
  sign_in = ta_sign_in_new (ta_accounts_get_parts (self->accounts), account, provider, scopes, way);
  g_ptr_array_add (self->running, sign_in);
  g_signal_connect_object (sign_in, "changed", G_CALLBACK (on_sign_in_changed), self, 0);
  g_signal_connect_object (sign_in, "granted", G_CALLBACK (on_granted), self, 0);
  g_signal_connect_object (sign_in, "useless", G_CALLBACK (on_useless), self, 0);
  g_signal_emit_by_name (self, "added", sign_in);
  ta_sign_in_start (sign_in);
  return sign_in;
}

/* The id that a sign-in of `account` is for. NULL with an error: "" is not clear. */
static char *
choose_id (TaSignIns *self, const char *account, const char *provider, GError **error)
{
  const char *chosen = ta_accounts_get_default (self->accounts);
  g_autoptr (GList) all = ta_accounts_list (self->accounts);
  TaAccount *known;

  if (*account != '\0')
    return g_strdup (account);
  if (all == NULL)
    return g_strdup (*chosen != '\0' ? chosen : provider);
  known = ta_accounts_find (self->accounts, "", error);
  return known == NULL ? NULL : g_strdup (ta_account_get_id (known));
}

static TaSignIn *
start_or_join (TaSignIns *self, const char *account, const char *provider,
               const char *const *scopes, TaSignInWay way, GError **error)
{
  const char *wanted = provider != NULL ? provider : TA_SIGN_INS_DEFAULT_PROVIDER;
  g_autofree char *id = choose_id (self, account, wanted, error);
  TaAccount *known = id == NULL ? NULL : ta_accounts_peek (self->accounts, id);
  TaSignIn *running = id == NULL ? NULL : ta_sign_ins_find (self, id);
  g_autoptr (TaProvider) keyed = NULL;
  g_autoptr (TaProvider) found = NULL;

  if (id == NULL)
    return NULL;
  keyed = known == NULL ? ta_providers_find_keyed (id) : NULL;
  if (known != NULL)
    wanted = ta_account_get_record (known)->provider;
  else if (keyed != NULL)
    wanted = keyed->id;
  if (running != NULL)
    wanted = ta_sign_in_get_status (running)->provider->id;
  if (provider != NULL && !ta_grant_check_provider (wanted, provider, error))
    return NULL;
  if (running != NULL)
    return running;
  if (known != NULL && ta_account_is_retired (known))
    {
      g_set_error_literal (error, TA_ERROR, TA_ERROR_BUSY,
                           "This account is being signed out: try again in a moment");
      return NULL;
    }
  found = ta_providers_find_oauth (wanted, error);
  if (found == NULL)
    return NULL;
  return start_sign_in (self, id, found, scopes, way, error);
}

/* Starts a sign-in or joins the one that runs for the account. `provider` NULL: the account's own,
 * or the default one for a new account; `scopes` NULL: those of the provider file. Owned by
 * this object while it runs.
 * Errors: TA_ERROR_NO_SUCH_ACCOUNT, TA_ERROR_NOT_CONFIGURED, TA_ERROR_NOT_SUPPORTED,
 * TA_ERROR_SIGN_IN_IN_PROGRESS, TA_ERROR_BUSY, G_DBUS_ERROR_INVALID_ARGS. */
TaSignIn *
ta_sign_ins_start (TaSignIns *self, const char *account, const char *provider,
                   const char *const *scopes, TaSignInWay way, GError **error)
{
  TaSignIn *sign_in = start_or_join (self, account, provider, scopes, way, error);

  g_hash_table_remove (self->waiting, sign_in);
  return sign_in;
}

/* The same for a caller that wants a token and waits until it is over, or calls
 * ta_sign_ins_leave(). Errors: those of ta_sign_ins_start(). */
TaSignIn *
ta_sign_ins_start_for_caller (TaSignIns *self, const char *account, GError **error)
{
  guint before = self->running->len;
  TaSignIn *sign_in = start_or_join (self, account, NULL, NULL, TA_SIGN_IN_BY_BROWSER, error);
  gpointer count = NULL;

  if (sign_in != NULL
      && (self->running->len > before
          || g_hash_table_lookup_extended (self->waiting, sign_in, NULL, &count)))
    g_hash_table_insert (self->waiting, sign_in, GUINT_TO_POINTER (GPOINTER_TO_UINT (count) + 1));
  return sign_in;
}

/* A caller waits no more. `is_wanted`: what comes of it is of use all the same. */
void
ta_sign_ins_leave (TaSignIns *self, TaSignIn *sign_in, gboolean is_wanted)
{
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (self->waiting, sign_in));

  if (count > 1 && !is_wanted)
    g_hash_table_insert (self->waiting, sign_in, GUINT_TO_POINTER (count - 1));
  else if (g_hash_table_remove (self->waiting, sign_in) && !is_wanted)
    ta_sign_in_cancel (sign_in);
}

/* Ends all sign-ins that wait. */
void
ta_sign_ins_cancel (TaSignIns *self)
{
  g_autolist (TaSignIn) running = NULL;

  for (guint i = 0; i < self->running->len; i++)
    running = g_list_prepend (running, g_object_ref (self->running->pdata[i]));
  for (GList *link = running; link != NULL; link = link->next)
    ta_sign_in_cancel (link->data);
}

/* Whether one is still told of that is over. */
gboolean
ta_sign_ins_has_ended (TaSignIns *self)
{
  return self->ended->length > 0;
}

guint
ta_sign_ins_get_size (TaSignIns *self)
{
  return self->running->len;
}

static void
ta_sign_ins_init (TaSignIns *self)
{
  self->running = g_ptr_array_new_with_free_func (g_object_unref);
  self->waiting = g_hash_table_new (NULL, NULL);
  self->ended = g_queue_new ();
}

static void
ta_sign_ins_finalize (GObject *object)
{
  TaSignIns *self = TA_SIGN_INS (object);

  g_hash_table_unref (self->waiting);
  g_ptr_array_unref (self->running);
  g_queue_free_full (self->ended, (GDestroyNotify) ended_free);
  g_object_unref (self->accounts);
  G_OBJECT_CLASS (ta_sign_ins_parent_class)->finalize (object);
}

static void
ta_sign_ins_class_init (TaSignInsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_sign_ins_finalize;

  g_signal_new ("added", TA_TYPE_SIGN_INS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                TA_TYPE_SIGN_IN);
}

TaSignIns *
ta_sign_ins_new (TaAccounts *accounts)
{
  TaSignIns *self = g_object_new (TA_TYPE_SIGN_INS, NULL);

  self->accounts = g_object_ref (accounts);
  return self;
}

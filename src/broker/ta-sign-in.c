/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-in.h"

#include "base/ta-error.h"
#include "broker/ta-token-endpoint.h"
#include "io/ta-alarm.h"
#include "io/ta-browser.h"
#include "io/ta-callback.h"
#include "io/ta-clock.h"
#include "io/ta-random.h"
#include "oauth/ta-authorization.h"
#include "oauth/ta-redirect.h"

/* One trip through the browser, in the order the functions stand below: client -> callback server
 * and authorization URI -> browser -> the browser comes back -> code for tokens -> somebody else
 * stores them ("granted") -> end.
 *
 * Only an answer with the right state changes anything, and it does so once; any page may send the
 * browser here with anything else. The state and the code verifier belong to this one trip. Whoever
 * came with the right state waits for the page until the end is known, so that the page tells the
 * truth. */

#define TIMEOUT 300
#define EXCHANGE_TIMEOUT 25

/* A browser waits this long for its page. By then the code is exchanged, and it is only the keyring
 * that has not answered. */
#define PAGE_TIMEOUT 30

struct _TaSignIn
{
  GObject parent_instance;

  TaParts *parts; /* (owned) */
  TaSignInStatus status;
  char **scopes; /* (owned) (nullable): asked for instead of the provider's */
  gboolean open_browser;

  TaClient *client;       /* (owned) (nullable) */
  TaSecret *state;        /* (owned) */
  TaSecret *verifier;     /* (owned) */
  TaCallback *callback;   /* (owned) (nullable): while waiting */
  char *redirect_uri;     /* (owned) (nullable) */
  TaCallbackVisit *visit; /* (owned) (nullable): waits for its page */
  guint page_timer;
  TaAlarm *alarm; /* (owned) (nullable): while waiting */
};

G_DEFINE_FINAL_TYPE (TaSignIn, ta_sign_in, G_TYPE_OBJECT)

static void
emit_changed (TaSignIn *self)
{
  g_signal_emit_by_name (self, "changed");
}

static void
answer_visit (TaSignIn *self, TaPage page)
{
  g_clear_handle_id (&self->page_timer, g_source_remove);
  if (self->visit != NULL)
    ta_callback_visit_answer (g_steal_pointer (&self->visit), page);
}

static TaPage
choose_page (TaSignIn *self, gboolean stored)
{
  if (g_error_matches (self->status.error, TA_ERROR, TA_ERROR_SIGN_IN_DENIED))
    return TA_PAGE_DENIED;
  if (self->status.error != NULL)
    return TA_PAGE_FAILED;
  return stored ? TA_PAGE_DONE : TA_PAGE_UNSAVED;
}

/* Ends the sign-in: done if `error` is NULL; `stored` says whether the tokens are in the keyring.
 * Does nothing if it ended before. */
void
ta_sign_in_end (TaSignIn *self, gboolean stored, const GError *error)
{
  if (ta_sign_in_is_over (self))
    return;
  self->status.error = error != NULL ? g_error_copy (error) : NULL;
  self->status.state = error != NULL ? TA_SIGN_IN_FAILED : TA_SIGN_IN_DONE;
  g_clear_pointer (&self->alarm, ta_alarm_free);
  answer_visit (self, choose_page (self, stored));
  if (self->callback != NULL)
    ta_callback_close (self->callback);
  g_clear_object (&self->callback);
  emit_changed (self);
}

static void
fail (TaSignIn *self, int code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (TA_ERROR, code, message);

  ta_sign_in_end (self, FALSE, error);
}

static void
exchange_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaSignIn) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean may_be_spent;
  g_autoptr (TaToken) token = ta_token_endpoint_token_finish (
      self->parts, result, self->status.provider, NULL, &may_be_spent, &error);

  if (token == NULL)
    {
      ta_sign_in_end (self, FALSE, error);
      return;
    }
  ta_throttle_note_success (self->parts->throttle, self->status.provider->token_endpoint);
  g_signal_emit_by_name (self, "granted", token);
}

static void
exchange (TaSignIn *self, const TaSecret *code)
{
  g_autoptr (TaTokenRequest) request
      = ta_token_request_code (self->status.provider, self->client, ta_secret_peek (code),
                               self->redirect_uri, ta_secret_peek (self->verifier));

  g_clear_pointer (&self->alarm, ta_alarm_free);
  self->status.state = TA_SIGN_IN_EXCHANGING;
  emit_changed (self);
  ta_token_endpoint_send_async (self->parts->http, self->status.provider->token_endpoint, request,
                                EXCHANGE_TIMEOUT, NULL, exchange_cb, g_object_ref (self));
}

/* Acts on an answer whose state is right, while waiting. */
static void
accept_redirect (TaSignIn *self, const TaRedirect *redirect)
{
  g_autoptr (GError) error = ta_redirect_get_error (redirect);

  if (error != NULL)
    ta_sign_in_end (self, FALSE, error);
  else
    exchange (self, redirect->code);
}

static gboolean
on_page_time (gpointer user_data)
{
  TaSignIn *self = user_data;

  self->page_timer = 0;
  answer_visit (self, TA_PAGE_UNSAVED);
  return G_SOURCE_REMOVE;
}

static void
on_visit (TaCallbackVisit *visit, const char *query, gpointer user_data)
{
  TaSignIn *self = user_data;
  g_autoptr (TaRedirect) redirect = ta_redirect_parse (query);

  if (redirect == NULL || !ta_secret_equals (self->state, ta_secret_peek (redirect->state)))
    ta_callback_visit_answer (visit, TA_PAGE_INVALID);
  else if (self->status.state != TA_SIGN_IN_WAITING)
    ta_callback_visit_answer (visit, TA_PAGE_USED);
  else
    {
      self->visit = visit;
      self->page_timer = g_timeout_add_seconds (PAGE_TIMEOUT, on_page_time, self);
      accept_redirect (self, redirect);
    }
}

/* Does what the browser would do if it ran on this machine: `address` is where it was sent to.
 * Errors: G_DBUS_ERROR_INVALID_ARGS, TA_ERROR_SIGN_IN_FAILED. */
gboolean
ta_sign_in_complete (TaSignIn *self, const char *address, GError **error)
{
  g_autoptr (TaSecretString) query
      = self->redirect_uri == NULL ? NULL : ta_redirect_find_query (address, self->redirect_uri);
  g_autoptr (TaRedirect) redirect = query == NULL ? NULL : ta_redirect_parse (query);

  if (redirect == NULL)
    g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                         "This is not the address a browser is sent to at the end of this "
                         "sign-in: copy the whole address");
  else if (!ta_secret_equals (self->state, ta_secret_peek (redirect->state)))
    g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_FAILED,
                         "This address belongs to another sign-in: copy that of this one");
  else if (self->status.state != TA_SIGN_IN_WAITING)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_FAILED,
                         "This sign-in has its answer already: read its State");
  else
    {
      accept_redirect (self, redirect);
      return TRUE;
    }
  return FALSE;
}

static void
browser_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaSignIn) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!ta_browser_open_finish (result, &error) && self->status.state == TA_SIGN_IN_WAITING)
    ta_sign_in_end (self, FALSE, error);
}

static void
listen_for_browser (TaSignIn *self)
{
  g_autoptr (GError) error = NULL;

  self->callback = ta_callback_new (self->status.provider->redirect_uri, on_visit, self, &error);
  if (self->callback == NULL)
    {
      ta_sign_in_end (self, FALSE, error);
      return;
    }
  self->redirect_uri = g_strdup (ta_callback_get_redirect_uri (self->callback));
  g_free (self->status.uri);
  self->status.uri
      = ta_authorization_uri (self->status.provider, self->client->id, self->redirect_uri,
                              (const char *const *) self->scopes, ta_secret_peek (self->state),
                              ta_secret_peek (self->verifier));
  emit_changed (self);
  if (self->open_browser)
    ta_browser_open_async (self->status.uri, NULL, browser_cb, g_object_ref (self));
}

static void
client_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaSignIn) self = user_data;
  g_autoptr (GError) error = NULL;

  self->client = ta_parts_find_client_finish (self->parts, result, &error);
  if (ta_sign_in_is_over (self))
    return;
  if (self->client == NULL)
    ta_sign_in_end (self, FALSE, error);
  else
    listen_for_browser (self);
}

static void
on_time (gpointer user_data)
{
  TaSignIn *self = user_data;

  g_clear_pointer (&self->alarm, ta_alarm_free);
  fail (self, TA_ERROR_SIGN_IN_TIMEOUT, "Nobody signed in within five minutes: start again");
}

/* Starts. "changed" tells of every step, "granted" of the token, which its receiver stores before
 * it calls ta_sign_in_end(). */
void
ta_sign_in_start (TaSignIn *self)
{
  self->alarm = ta_alarm_new (TIMEOUT * 1000, on_time, self);
  ta_parts_find_client_async (self->parts, self->status.provider, TRUE, NULL, client_cb,
                              g_object_ref (self));
}

/* Ends a sign-in that waits; once the code is being exchanged it goes on. */
void
ta_sign_in_cancel (TaSignIn *self)
{
  if (self->status.state == TA_SIGN_IN_WAITING)
    fail (self, TA_ERROR_SIGN_IN_CANCELLED,
          "The sign-in was cancelled: start again when it is wanted");
}

/* Owned by the sign-in. */
const TaSignInStatus *
ta_sign_in_get_status (TaSignIn *self)
{
  return &self->status;
}

gboolean
ta_sign_in_is_over (TaSignIn *self)
{
  return self->status.state == TA_SIGN_IN_DONE || self->status.state == TA_SIGN_IN_FAILED;
}

static void
ta_sign_in_init (TaSignIn *self)
{
  self->status.uri = g_strdup ("");
  self->status.expires_at = ta_clock_now ().wall + TIMEOUT;
  self->state = ta_random_text ();
  self->verifier = ta_random_text ();
}

static void
ta_sign_in_dispose (GObject *object)
{
  ta_sign_in_cancel (TA_SIGN_IN (object));
  G_OBJECT_CLASS (ta_sign_in_parent_class)->dispose (object);
}

static void
ta_sign_in_finalize (GObject *object)
{
  TaSignIn *self = TA_SIGN_IN (object);

  ta_parts_unref (self->parts);
  g_free (self->status.account);
  ta_provider_unref (self->status.provider);
  g_strfreev (self->scopes);
  g_free (self->status.uri);
  g_clear_error (&self->status.error);
  g_clear_pointer (&self->client, ta_client_unref);
  ta_secret_unref (self->state);
  ta_secret_unref (self->verifier);
  g_free (self->redirect_uri);
  G_OBJECT_CLASS (ta_sign_in_parent_class)->finalize (object);
}

static void
ta_sign_in_class_init (TaSignInClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ta_sign_in_dispose;
  G_OBJECT_CLASS (klass)->finalize = ta_sign_in_finalize;

  g_signal_new ("changed", TA_TYPE_SIGN_IN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("expired", TA_TYPE_SIGN_IN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("granted", TA_TYPE_SIGN_IN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_POINTER);
}

/* `scopes` NULL: those of the provider file. */
TaSignIn *
ta_sign_in_new (TaParts *parts, const char *account, TaProvider *provider,
                const char *const *scopes, gboolean open_browser)
{
  TaSignIn *self = g_object_new (TA_TYPE_SIGN_IN, NULL);

  self->parts = ta_parts_ref (parts);
  self->status.account = g_strdup (account);
  self->status.provider = ta_provider_ref (provider);
  self->scopes = g_strdupv ((char **) scopes);
  self->open_browser = open_browser;
  return self;
}

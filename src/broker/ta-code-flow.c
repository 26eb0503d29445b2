/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-code-flow.h"

#include "base/ta-error.h"
#include "broker/ta-proof.h"
#include "broker/ta-push.h"
#include "broker/ta-token-endpoint.h"
#include "io/ta-browser.h"
#include "io/ta-callback.h"
#include "io/ta-configuration.h"
#include "io/ta-random.h"
#include "oauth/ta-authorization.h"
#include "oauth/ta-redirect.h"
#include "oauth/ta-token-response.h"

/* The authorization code grant in a browser (RFC 6749 section 4.1, RFC 8252): callback server and
 * authorization request -> pushed, where the provider has it so -> browser -> the browser comes
 * back, from the right server (RFC 9207) -> code for tokens.
 *
 * Only an answer with the right state changes anything, and it does so once; any page may send the
 * browser here with anything else. The state and the code verifier belong to this one trip. Whoever
 * came with the right state waits for the page until the end is known, so that the page tells the
 * truth. */

/* A browser waits this long for its page. By then the provider has answered, and it is only the
 * keyring that has not: the end may still be a good or a bad one. */
#define PAGE_TIMEOUT 30

struct _TaCodeFlow
{
  GObject parent_instance;

  TaParts *parts;       /* (owned) */
  TaProvider *provider; /* (owned) */
  TaClient *client;     /* (owned) */
  char **scopes;        /* (owned) (nullable): asked for instead of the provider's */
  gboolean open_browser;
  TaSecret *state;        /* (owned) */
  TaSecret *verifier;     /* (owned) */
  TaSecret *dpop_key;     /* (owned) (nullable) */
  TaCallback *callback;   /* (owned) (nullable): while it runs */
  char *redirect_uri;     /* (owned) (nullable) */
  gboolean is_used;       /* the answer came: no other one counts */
  TaCallbackVisit *visit; /* (owned) (nullable): waits for its page */
  TaPush *push;           /* (owned) (nullable): where the request is pushed */
  gboolean is_open;       /* a pushed request was opened */
};

G_DEFINE_FINAL_TYPE (TaCodeFlow, ta_code_flow, G_TYPE_OBJECT)

/* Nothing is told after this. */
static void
emit_ended (TaCodeFlow *self, const GError *error)
{
  g_signal_emit_by_name (self, "ended", NULL, NULL, error);
}

static void
answer_visit (TaCodeFlow *self, TaPage page)
{
  if (self->visit != NULL)
    ta_callback_visit_answer (g_steal_pointer (&self->visit), page);
}

static void
exchange_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaCodeFlow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_token_endpoint_send_finish (self->parts, result, &error);
  g_autoptr (TaToken) token = NULL;
  g_autoptr (TaToken) unfit = NULL;
  g_autoptr (TaSecret) id_token = NULL;

  if (response != NULL)
    token = ta_token_endpoint_read_token (result, response, self->provider, NULL, &unfit, &error);
  if (token != NULL)
    id_token = ta_token_response_find_id_token ((const char *) response->body->data,
                                                response->body->len);
  g_signal_emit_by_name (self, "ended", token != NULL ? token : unfit, id_token, error);
}

static void
exchange (TaCodeFlow *self, const TaSecret *code)
{
  g_autoptr (TaTokenRequest) request
      = ta_token_request_code (self->provider, self->client, ta_secret_peek (code),
                               self->redirect_uri, ta_secret_peek (self->verifier));

  g_signal_emit_by_name (self, "exchanging");
  ta_token_endpoint_send_async (self->parts, self->provider->token_endpoint, request,
                                self->dpop_key, TA_CODE_FLOW_TIMEOUT, NULL, exchange_cb,
                                g_object_ref (self));
}

/* Acts on an answer whose state is right, once. */
static void
accept_redirect (TaCodeFlow *self, const TaRedirect *redirect)
{
  g_autoptr (GError) error = NULL;

  self->is_used = TRUE;
  g_clear_pointer (&self->push, ta_push_free);
  if (ta_redirect_check (redirect, self->provider, &error))
    error = ta_redirect_get_error (redirect);
  else
    answer_visit (self, TA_PAGE_REFUSED);
  if (error != NULL)
    emit_ended (self, error);
  else
    exchange (self, redirect->code);
}

static gboolean
is_answer (const char *query, gpointer user_data)
{
  TaCodeFlow *self = user_data;
  g_autoptr (TaRedirect) redirect = ta_redirect_parse_answer (query, self->state);

  return redirect != NULL;
}

static void
on_visit (TaCallbackVisit *visit, const char *query, gpointer user_data)
{
  g_autoptr (TaCodeFlow) self = g_object_ref (user_data);
  g_autoptr (TaRedirect) redirect = ta_redirect_parse_answer (query, self->state);

  if (redirect == NULL)
    ta_callback_visit_answer (visit, TA_PAGE_INVALID);
  else if (self->is_used)
    ta_callback_visit_answer (visit, TA_PAGE_USED);
  else
    {
      self->visit = visit;
      ta_callback_visit_set_last_page (visit, PAGE_TIMEOUT, TA_PAGE_PENDING);
      accept_redirect (self, redirect);
    }
}

/* Does what the browser would do if it ran on this machine: `address` is where it was sent to.
 * Errors: G_DBUS_ERROR_INVALID_ARGS, TA_ERROR_SIGN_IN_FAILED. */
gboolean
ta_code_flow_complete (TaCodeFlow *self, const char *address, GError **error)
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
  else if (self->is_used)
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
  g_autoptr (TaCodeFlow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!ta_browser_open_finish (result, &error) && !self->is_used)
    emit_ended (self, error);
}

static void
open_address (TaCodeFlow *self, const char *uri)
{
  g_signal_emit_by_name (self, "ready", uri);
  if (self->open_browser)
    ta_browser_open_async (uri, NULL, browser_cb, g_object_ref (self));
}

static void
on_pushed (const char *uri, const GError *error, gpointer user_data)
{
  g_autoptr (TaCodeFlow) self = g_object_ref (user_data);

  if (uri == NULL)
    emit_ended (self, error);
  else if (self->is_open)
    g_signal_emit_by_name (self, "ready", uri);
  else
    {
      self->is_open = TRUE;
      open_address (self, uri);
    }
}

/* Listens, and opens the browser if it is to. "ready" tells the authorization URI, and a newer one,
 * "exchanging" that the answer came, "ended" the token and the ID token (TaSecret, NULL: none), or
 * the error, with a token if it is one that cannot be used; whoever hears that closes the flow. */
void
ta_code_flow_start (TaCodeFlow *self)
{
  g_autofree char *thumbprint = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaConfiguration) configuration = ta_configuration_load (&error);

  if (configuration != NULL)
    self->callback
        = ta_callback_new (self->provider->redirect_uri,
                           configuration->checks_peer ? is_answer : NULL, on_visit, self, &error);
  if (error == NULL && ta_provider_uses_dpop (self->provider))
    self->dpop_key = ta_proof_generate_key (&thumbprint, &error);
  if (error != NULL)
    {
      emit_ended (self, error);
      return;
    }
  self->redirect_uri = g_strdup (ta_callback_get_redirect_uri (self->callback));
  if (self->provider->requires_par)
    {
      text = ta_authorization_query (
          self->provider, self->client->id, self->redirect_uri, (const char *const *) self->scopes,
          ta_secret_peek (self->state), ta_secret_peek (self->verifier), thumbprint);
      self->push = ta_push_new (self->parts, self->provider, self->client, text, on_pushed, self);
      return;
    }
  text = ta_authorization_uri (self->provider, self->client->id, self->redirect_uri,
                               (const char *const *) self->scopes, ta_secret_peek (self->state),
                               ta_secret_peek (self->verifier), thumbprint);
  open_address (self, text);
}

/* Listens no more; a browser that waits gets this page. */
void
ta_code_flow_close (TaCodeFlow *self, TaPage page)
{
  answer_visit (self, page);
  g_clear_pointer (&self->push, ta_push_free);
  if (self->callback != NULL)
    ta_callback_close (self->callback);
  g_clear_object (&self->callback);
}

static void
ta_code_flow_init (TaCodeFlow *self)
{
  self->state = ta_random_text ();
  self->verifier = ta_random_text ();
}

static void
ta_code_flow_dispose (GObject *object)
{
  ta_code_flow_close (TA_CODE_FLOW (object), TA_PAGE_FAILED);
  G_OBJECT_CLASS (ta_code_flow_parent_class)->dispose (object);
}

static void
ta_code_flow_finalize (GObject *object)
{
  TaCodeFlow *self = TA_CODE_FLOW (object);

  ta_parts_unref (self->parts);
  ta_provider_unref (self->provider);
  ta_client_unref (self->client);
  g_strfreev (self->scopes);
  ta_secret_unref (self->state);
  ta_secret_unref (self->verifier);
  g_clear_pointer (&self->dpop_key, ta_secret_unref);
  g_free (self->redirect_uri);
  G_OBJECT_CLASS (ta_code_flow_parent_class)->finalize (object);
}

static void
ta_code_flow_class_init (TaCodeFlowClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ta_code_flow_dispose;
  G_OBJECT_CLASS (klass)->finalize = ta_code_flow_finalize;

  g_signal_new ("ready", TA_TYPE_CODE_FLOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_STRING);
  g_signal_new ("exchanging", TA_TYPE_CODE_FLOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 0);
  g_signal_new ("ended", TA_TYPE_CODE_FLOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                G_TYPE_POINTER, G_TYPE_POINTER, G_TYPE_POINTER);
}

/* `scopes` NULL: those of the provider file. */
TaCodeFlow *
ta_code_flow_new (TaParts *parts, TaProvider *provider, TaClient *client, const char *const *scopes,
                  gboolean open_browser)
{
  TaCodeFlow *self = g_object_new (TA_TYPE_CODE_FLOW, NULL);

  self->parts = ta_parts_ref (parts);
  self->provider = ta_provider_ref (provider);
  self->client = ta_client_ref (client);
  self->scopes = g_strdupv ((char **) scopes);
  self->open_browser = open_browser;
  return self;
}

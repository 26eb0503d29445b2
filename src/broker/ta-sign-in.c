/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-in.h"

#include "base/ta-error.h"
#include "broker/ta-code-flow.h"
#include "io/ta-alarm.h"
#include "io/ta-clock.h"

/* One sign-in: what the provider says of itself -> client -> flow -> somebody else stores the token
 * ("granted") -> end. */

#define TIMEOUT 300

struct _TaSignIn
{
  GObject parent_instance;

  TaParts *parts; /* (owned) */
  TaSignInStatus status;
  char **scopes; /* (owned) (nullable): asked for instead of the provider's */
  gboolean open_browser;
  TaCodeFlow *flow; /* (owned) (nullable) */
  TaAlarm *alarm;   /* (owned) (nullable): while waiting */
};

G_DEFINE_FINAL_TYPE (TaSignIn, ta_sign_in, G_TYPE_OBJECT)

static void
emit_changed (TaSignIn *self)
{
  g_signal_emit_by_name (self, "changed");
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
  if (self->flow != NULL)
    ta_code_flow_close (self->flow, choose_page (self, stored));
  emit_changed (self);
}

static void
fail (TaSignIn *self, int code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (TA_ERROR, code, message);

  ta_sign_in_end (self, FALSE, error);
}

static void
on_flow_ended (TaCodeFlow *flow, TaToken *token, const GError *error, TaSignIn *self)
{
  if (ta_sign_in_is_over (self))
    return;
  if (token == NULL)
    {
      ta_sign_in_end (self, FALSE, error);
      return;
    }
  ta_throttle_note_success (self->parts->throttle, self->status.provider->token_endpoint);
  g_signal_emit_by_name (self, "granted", token);
}

static void
on_exchanging (TaCodeFlow *flow, TaSignIn *self)
{
  g_clear_pointer (&self->alarm, ta_alarm_free);
  self->status.state = TA_SIGN_IN_EXCHANGING;
  emit_changed (self);
}

static void
on_ready (TaCodeFlow *flow, const char *uri, TaSignIn *self)
{
  g_free (self->status.uri);
  self->status.uri = g_strdup (uri);
  emit_changed (self);
}

/* Does what the browser would do if it ran on this machine: `address` is where it was sent to.
 * Errors: G_DBUS_ERROR_INVALID_ARGS, TA_ERROR_SIGN_IN_FAILED. */
gboolean
ta_sign_in_complete (TaSignIn *self, const char *address, GError **error)
{
  if (self->flow == NULL)
    {
      g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                           "This sign-in has no address yet: read its Uri first");
      return FALSE;
    }
  return ta_code_flow_complete (self->flow, address, error);
}

static void
client_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaSignIn) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaClient) client = ta_parts_find_client_finish (self->parts, result, &error);

  if (ta_sign_in_is_over (self))
    return;
  if (client == NULL)
    {
      ta_sign_in_end (self, FALSE, error);
      return;
    }
  self->flow = ta_code_flow_new (self->parts, self->status.provider, client,
                                 (const char *const *) self->scopes, self->open_browser);
  g_signal_connect_object (self->flow, "ready", G_CALLBACK (on_ready), self, 0);
  g_signal_connect_object (self->flow, "exchanging", G_CALLBACK (on_exchanging), self, 0);
  g_signal_connect_object (self->flow, "ended", G_CALLBACK (on_flow_ended), self, 0);
  ta_code_flow_start (self->flow);
}

static void
provider_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaSignIn) self = user_data;
  g_autoptr (GError) error = NULL;
  TaProvider *provider = ta_discovery_find_finish (TA_DISCOVERY (source), result, &error);

  if (provider != NULL)
    {
      ta_provider_unref (self->status.provider);
      self->status.provider = provider;
    }
  if (ta_sign_in_is_over (self))
    return;
  if (provider == NULL)
    ta_sign_in_end (self, FALSE, error);
  else
    ta_parts_find_client_async (self->parts, provider, TRUE, NULL, client_cb, g_object_ref (self));
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
  ta_discovery_find_async (self->parts->discovery, self->status.provider->id, NULL, provider_cb,
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
  g_clear_object (&self->flow);
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

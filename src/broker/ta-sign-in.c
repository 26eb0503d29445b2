/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-in.h"

#include "base/ta-error.h"
#include "broker/ta-code-flow.h"
#include "broker/ta-device-flow.h"
#include "broker/ta-identification.h"
#include "io/ta-alarm.h"
#include "io/ta-clock.h"
#include "oauth/ta-device.h"

/* One sign-in: what the provider says of itself -> client -> flow -> who that was -> somebody else
 * stores the token ("granted") -> end. */

#define TIMEOUT 300

/* Seconds to find out who signed in, as far as the time for all of the provider's answers allows.
 */
#define IDENTIFICATION_TIMEOUT 10

struct _TaSignIn
{
  GObject parent_instance;

  TaParts *parts; /* (owned) */
  TaSignInStatus status;
  char **scopes;             /* (owned) (nullable): asked for instead of the provider's */
  TaCodeFlow *flow;          /* (owned) (nullable) */
  TaDeviceFlow *device_flow; /* (owned) (nullable): one or the other */
  TaAlarm *alarm;            /* (owned) (nullable): while waiting */
  gint64 deadline;           /* of the provider's answers, on the boot clock, seconds */
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
  if (self->device_flow != NULL)
    ta_device_flow_close (self->device_flow);
  emit_changed (self);
}

static void
fail (TaSignIn *self, int code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (TA_ERROR, code, message);

  ta_sign_in_end (self, FALSE, error);
}

/* A token of which it is being found out who it is for. */
typedef struct
{
  TaSignIn *sign_in; /* (owned) */
  TaToken *token;    /* (owned) */
} Grant;

static void
identification_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Grant *grant = user_data;
  g_autoptr (TaSignIn) self = grant->sign_in;
  g_autoptr (TaToken) token = grant->token;
  g_autoptr (TaIdentity) identity = ta_identification_finish (self->parts, result);

  if (!ta_sign_in_is_over (self))
    g_signal_emit_by_name (self, "granted", token, identity);
}

static void
on_flow_ended (gpointer flow, TaToken *token, const TaSecret *id_token, const GError *error,
               TaSignIn *self)
{
  gint64 left = self->deadline - ta_clock_now ().boot;
  Grant *grant;

  if (token != NULL && (error != NULL || ta_sign_in_is_over (self)))
    g_signal_emit_by_name (self, "useless", token);
  if (error != NULL)
    ta_sign_in_end (self, FALSE, error);
  if (ta_sign_in_is_over (self))
    return;
  if (token->refresh_token == NULL)
    g_message ("The provider gave no refresh token: this login ends with its access token");
  ta_throttle_note_success (self->parts->throttle, self->status.provider->token_endpoint);
  grant = g_new0 (Grant, 1);
  grant->sign_in = g_object_ref (self);
  grant->token = ta_token_ref (token);
  ta_identification_async (self->parts, self->status.provider, self->status.client->id, token,
                           id_token, (guint) CLAMP (left, 1, IDENTIFICATION_TIMEOUT),
                           identification_cb, grant);
}

static void
on_exchanging (gpointer flow, TaSignIn *self)
{
  if (ta_sign_in_is_over (self))
    return;
  g_clear_pointer (&self->alarm, ta_alarm_free);
  self->status.state = TA_SIGN_IN_EXCHANGING;
  self->deadline = ta_clock_now ().boot + TA_CODE_FLOW_TIMEOUT;
  emit_changed (self);
}

static void
on_ready (TaCodeFlow *flow, const char *uri, TaSignIn *self)
{
  g_free (self->status.uri);
  self->status.uri = g_strdup (uri);
  emit_changed (self);
}

/* It is the provider that says how long somebody has to type the code. */
static void
on_device_ready (TaDeviceFlow *flow, const TaDevice *device, TaSignIn *self)
{
  const char *complete = device->verification_uri_complete;

  g_clear_pointer (&self->alarm, ta_alarm_free);
  g_free (self->status.user_code);
  self->status.user_code = g_strdup (device->user_code);
  g_free (self->status.verification_uri);
  self->status.verification_uri = g_strdup (device->verification_uri);
  g_free (self->status.uri);
  self->status.uri = g_strdup (complete != NULL ? complete : "");
  self->status.expires_at = ta_clock_now ().wall + device->expires_in;
  emit_changed (self);
}

/* Does what the browser would do if it ran on this machine: `address` is where it was sent to.
 * Errors: G_DBUS_ERROR_INVALID_ARGS, TA_ERROR_SIGN_IN_FAILED. */
gboolean
ta_sign_in_complete (TaSignIn *self, const char *address, GError **error)
{
  if (ta_sign_in_is_over (self))
    {
      g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_FAILED,
                           "This sign-in has ended: start another one");
      return FALSE;
    }
  if (self->flow == NULL)
    {
      g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                           self->device_flow != NULL
                               ? "This sign-in takes no address: its code is typed elsewhere"
                               : "This sign-in has no address yet: read its Uri first");
      return FALSE;
    }
  return ta_code_flow_complete (self->flow, address, error);
}

static void
start_flow (TaSignIn *self)
{
  const char *const *scopes = (const char *const *) self->scopes;
  gboolean by_device = self->status.way == TA_SIGN_IN_BY_DEVICE;
  gboolean open_browser = self->status.way == TA_SIGN_IN_BY_BROWSER;
  gpointer flow;

  if (by_device)
    flow = self->device_flow
        = ta_device_flow_new (self->parts, self->status.provider, self->status.client, scopes);
  else
    flow = self->flow = ta_code_flow_new (self->parts, self->status.provider, self->status.client,
                                          scopes, open_browser);
  g_signal_connect_object (
      flow, "ready", by_device ? G_CALLBACK (on_device_ready) : G_CALLBACK (on_ready), self, 0);
  g_signal_connect_object (flow, "exchanging", G_CALLBACK (on_exchanging), self, 0);
  g_signal_connect_object (flow, "ended", G_CALLBACK (on_flow_ended), self, 0);
  if (by_device)
    ta_device_flow_start (self->device_flow);
  else
    ta_code_flow_start (self->flow);
}

static void
client_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaSignIn) self = user_data;
  g_autoptr (GError) error = NULL;

  self->status.client = ta_parts_find_client_finish (self->parts, result, &error);
  if (ta_sign_in_is_over (self))
    return;
  if (self->status.client == NULL)
    ta_sign_in_end (self, FALSE, error);
  else
    start_flow (self);
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

/* Starts. "changed" tells of every step, "granted" of the token and of who it is for (TaIdentity,
 * or NULL), which its receiver stores before it calls ta_sign_in_end(); "useless" of a token that
 * cannot be used, or came after the end. */
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

/* Those that are asked for. Owned by the sign-in. */
const char *const *
ta_sign_in_get_scopes (TaSignIn *self)
{
  return (const char *const *) (self->scopes != NULL ? self->scopes
                                                     : self->status.provider->scopes);
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
  self->status.user_code = g_strdup ("");
  self->status.verification_uri = g_strdup ("");
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
  g_free (self->status.user_code);
  g_free (self->status.verification_uri);
  g_clear_pointer (&self->status.client, ta_client_unref);
  g_clear_error (&self->status.error);
  g_clear_object (&self->flow);
  g_clear_object (&self->device_flow);
  G_OBJECT_CLASS (ta_sign_in_parent_class)->finalize (object);
}

static void
ta_sign_in_class_init (TaSignInClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ta_sign_in_dispose;
  G_OBJECT_CLASS (klass)->finalize = ta_sign_in_finalize;

  g_signal_new ("changed", TA_TYPE_SIGN_IN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("expired", TA_TYPE_SIGN_IN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("granted", TA_TYPE_SIGN_IN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                G_TYPE_POINTER, G_TYPE_POINTER);
  g_signal_new ("useless", TA_TYPE_SIGN_IN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_POINTER);
}

/* `scopes` NULL: those of the provider file. */
TaSignIn *
ta_sign_in_new (TaParts *parts, const char *account, TaProvider *provider,
                const char *const *scopes, TaSignInWay way)
{
  TaSignIn *self = g_object_new (TA_TYPE_SIGN_IN, NULL);

  self->parts = ta_parts_ref (parts);
  self->status.account = g_strdup (account);
  self->status.provider = ta_provider_ref (provider);
  self->scopes = g_strdupv ((char **) scopes);
  self->status.way = way;
  return self;
}

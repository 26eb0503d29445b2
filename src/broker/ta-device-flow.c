/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-device-flow.h"

#include "base/ta-error.h"
#include "broker/ta-proof.h"
#include "broker/ta-token-endpoint.h"
#include "io/ta-alarm.h"
#include "io/ta-clock.h"
#include "oauth/ta-device.h"
#include "oauth/ta-token-response.h"

/* The device grant, for a browser on another machine (RFC 8628): ask for a device code -> somebody
 * types the user code elsewhere -> meanwhile the token endpoint is asked again and again, as often
 * as it likes -> token. */

#define TIMEOUT 25 /* of one request */

struct _TaDeviceFlow
{
  GObject parent_instance;

  TaParts *parts;            /* (owned) */
  TaProvider *provider;      /* (owned) */
  TaClient *client;          /* (owned) */
  char **scopes;             /* (owned) (nullable): asked for instead of the provider's */
  TaSecret *dpop_key;        /* (owned) (nullable) */
  TaDevice *device;          /* (owned) (nullable) */
  guint interval;            /* seconds from one question to the next */
  gint64 deadline;           /* on the boot clock, seconds */
  TaAlarm *alarm;            /* (owned) (nullable): rings for the next question */
  GCancellable *cancellable; /* (owned): cancelled when the flow is closed */
};

G_DEFINE_FINAL_TYPE (TaDeviceFlow, ta_device_flow, G_TYPE_OBJECT)

static void schedule (TaDeviceFlow *self, guint seconds);

static gboolean
is_closed (TaDeviceFlow *self)
{
  return g_cancellable_is_cancelled (self->cancellable);
}

/* Nothing is told after this. */
static void
emit_ended (TaDeviceFlow *self, const GError *error)
{
  g_signal_emit_by_name (self, "ended", NULL, NULL, error);
}

static void
take_grant (TaDeviceFlow *self, GAsyncResult *result, const TaHttpResponse *response)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TaToken) unfit = NULL;
  g_autoptr (TaToken) token
      = ta_token_endpoint_read_token (result, response, self->provider, NULL, &unfit, &error);
  g_autoptr (TaSecret) id_token = NULL;

  if (token != NULL)
    id_token = ta_token_response_find_id_token ((const char *) response->body->data,
                                                response->body->len);
  g_signal_emit_by_name (self, "exchanging");
  g_signal_emit_by_name (self, "ended", token != NULL ? token : unfit, id_token, error);
}

/* Only a network that is away for a while is worth asking again (RFC 8628 section 3.5); what is
 * wrong with the server, its certificate or our key stays wrong. */
static gboolean
may_pass (const GError *error)
{
  return g_error_matches (error, TA_ERROR, TA_ERROR_NETWORK)
         || g_error_matches (error, TA_ERROR, TA_ERROR_TIMEOUT);
}

/* A grant is told of even if nobody waits for it any more. */
static void
poll_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaDeviceFlow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_token_endpoint_send_finish (self->parts, result, &error);
  TaDevicePoll poll;

  if (response != NULL)
    poll = ta_device_judge (response->status, (const char *) response->body->data,
                            response->body->len, &error);
  else
    poll = may_pass (error) ? TA_DEVICE_UNANSWERED : TA_DEVICE_FAILED;
  if (poll == TA_DEVICE_GRANTED)
    take_grant (self, result, response);
  else if (!is_closed (self) && poll == TA_DEVICE_FAILED)
    emit_ended (self, error);
  else if (!is_closed (self))
    {
      self->interval = ta_device_next_interval (self->interval, poll);
      schedule (self, self->interval);
    }
}

static void
on_time (gpointer user_data)
{
  TaDeviceFlow *self = user_data;
  g_autoptr (TaTokenRequest) request = NULL;
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->alarm, ta_alarm_free);
  if (ta_clock_now ().boot >= self->deadline)
    {
      error = g_error_new_literal (TA_ERROR, TA_ERROR_SIGN_IN_TIMEOUT,
                                   "Nobody signed in before the code expired: start again");
      emit_ended (self, error);
      return;
    }
  request = ta_token_request_device_code (self->provider, self->client, self->device->device_code);
  ta_token_endpoint_send_async (self->parts, self->provider->token_endpoint, request,
                                self->dpop_key, TIMEOUT, NULL, poll_cb, g_object_ref (self));
}

/* A server that asked to be left alone is. */
static void
schedule (TaDeviceFlow *self, guint seconds)
{
  gint64 gate = ta_throttle_get_wait (self->parts->throttle, self->provider->token_endpoint);
  gint64 left = MAX (self->deadline - ta_clock_now ().boot, 0) * 1000;
  gint64 wait = MAX (seconds * G_GINT64_CONSTANT (1000), gate);

  self->alarm = ta_alarm_new (MIN (wait, left), on_time, self);
}

static void
device_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaDeviceFlow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_token_endpoint_send_finish (self->parts, result, &error);

  if (is_closed (self))
    return;
  if (response != NULL)
    self->device
        = ta_device_parse (self->provider, response->status, (const char *) response->body->data,
                           response->body->len, &error);
  if (self->device == NULL)
    {
      emit_ended (self, error);
      return;
    }
  self->interval = self->device->interval;
  self->deadline = ta_clock_now ().boot + self->device->expires_in;
  schedule (self, self->device->first_wait);
  g_signal_emit_by_name (self, "ready", self->device);
}

/* Asks for a code. "ready" tells it (TaDevice), "exchanging" that somebody signed in, "ended" the
 * token and the ID token (TaSecret, NULL: none), or the error, with a token if it is one that
 * cannot be used; whoever hears that closes the flow. */
void
ta_device_flow_start (TaDeviceFlow *self)
{
  g_autoptr (TaTokenRequest) request = NULL;
  g_autofree char *thumbprint = NULL;
  g_autoptr (GError) error = NULL;

  if (self->provider->device_authorization_endpoint == NULL)
    error = g_error_new (TA_ERROR, TA_ERROR_NOT_SUPPORTED,
                         "Provider %s has no DeviceAuthorizationEndpoint: sign in with a browser",
                         self->provider->id);
  else if (ta_provider_uses_dpop (self->provider))
    self->dpop_key = ta_proof_generate_key (&thumbprint, &error);
  if (error != NULL)
    {
      emit_ended (self, error);
      return;
    }
  request
      = ta_token_request_device (self->provider, self->client, (const char *const *) self->scopes);
  ta_token_endpoint_send_async (self->parts, self->provider->device_authorization_endpoint, request,
                                NULL, TIMEOUT, self->cancellable, device_cb, g_object_ref (self));
}

/* Asks no more. A question that is on its way is not broken off: if it brings a token, "ended"
 * tells of that, so that it can be given back. */
void
ta_device_flow_close (TaDeviceFlow *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->alarm, ta_alarm_free);
}

static void
ta_device_flow_init (TaDeviceFlow *self)
{
  self->cancellable = g_cancellable_new ();
}

static void
ta_device_flow_finalize (GObject *object)
{
  TaDeviceFlow *self = TA_DEVICE_FLOW (object);

  ta_parts_unref (self->parts);
  ta_provider_unref (self->provider);
  ta_client_unref (self->client);
  g_strfreev (self->scopes);
  g_clear_pointer (&self->dpop_key, ta_secret_unref);
  g_clear_pointer (&self->device, ta_device_free);
  g_clear_pointer (&self->alarm, ta_alarm_free);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (ta_device_flow_parent_class)->finalize (object);
}

static void
ta_device_flow_class_init (TaDeviceFlowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_device_flow_finalize;

  g_signal_new ("ready", TA_TYPE_DEVICE_FLOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                1, G_TYPE_POINTER);
  g_signal_new ("exchanging", TA_TYPE_DEVICE_FLOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 0);
  g_signal_new ("ended", TA_TYPE_DEVICE_FLOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                3, G_TYPE_POINTER, G_TYPE_POINTER, G_TYPE_POINTER);
}

/* `scopes` NULL: those of the provider file. */
TaDeviceFlow *
ta_device_flow_new (TaParts *parts, TaProvider *provider, TaClient *client,
                    const char *const *scopes)
{
  TaDeviceFlow *self = g_object_new (TA_TYPE_DEVICE_FLOW, NULL);

  self->parts = ta_parts_ref (parts);
  self->provider = ta_provider_ref (provider);
  self->client = ta_client_ref (client);
  self->scopes = g_strdupv ((char **) scopes);
  return self;
}

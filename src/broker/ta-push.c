/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-push.h"

#include "broker/ta-token-endpoint.h"
#include "broker/ta-turn.h"
#include "io/ta-alarm.h"
#include "oauth/ta-authorization.h"
#include "oauth/ta-par-response.h"

/* An authorization request is sent to the provider, so that no browser carries it (RFC 9126). A
 * provider that is to have it this way never gets it in another.
 *
 * A pushed request must be opened within a time that the provider sets, often a minute, while the
 * user has five. So it is pushed again at half of that time, and whoever reads the address has the
 * other half left. The request stays the same: whichever address was opened, the answer is one to
 * the same sign-in. A provider that wants to be left alone (Retry-After) is. */

#define TIMEOUT 25

/* Seconds. Longer than any sign-in waits. */
#define LIFETIME_MAX 3600

/* A provider is not sent the same request more often than this. */
#define RENEWAL_MIN_MS 1000

struct _TaPush
{
  grefcount references;
  TaParts *parts;            /* (owned) */
  TaProvider *provider;      /* (owned) */
  char *client_id;           /* (owned) */
  TaTokenRequest *request;   /* (owned) */
  GCancellable *cancellable; /* (owned): cancelled when nobody listens any more */
  TaPushFunc function;       /* (nullable): NULL: nobody listens any more */
  gpointer user_data;        /* (unowned) */
  gint64 lifetime;           /* seconds; 0: unknown, -1: nothing was pushed yet */
  TaAlarm *renewal;          /* (owned) (nullable): rings when it is to be pushed again */
};

static void push (TaPush *self);

static void
push_unref (TaPush *self)
{
  if (!g_ref_count_dec (&self->references))
    return;
  ta_parts_unref (self->parts);
  ta_provider_unref (self->provider);
  g_free (self->client_id);
  ta_token_request_free (self->request);
  g_object_unref (self->cancellable);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaPush, push_unref)

static TaPush *
push_ref (TaPush *self)
{
  g_ref_count_inc (&self->references);
  return self;
}

static const char *
get_endpoint (const TaPush *self)
{
  return self->provider->pushed_authorization_request_endpoint;
}

static void
on_renewal (gpointer user_data)
{
  TaPush *self = user_data;

  g_clear_pointer (&self->renewal, ta_alarm_free);
  push (self);
}

/* Later, where the provider wants to be left alone for longer. */
static void
schedule (TaPush *self)
{
  gint64 gate = ta_throttle_get_wait (self->parts->throttle, get_endpoint (self));
  gint64 half = MAX (self->lifetime * 500, RENEWAL_MIN_MS);

  if (self->lifetime > 0)
    self->renewal = ta_alarm_new (MAX (half, gate), on_renewal, self);
}

/* Only the first push may fail: the address of an earlier one may be open already. */
static void
take (TaPush *self, const char *request_uri, gint64 expires_in, const GError *error)
{
  g_autofree char *uri = NULL;

  if (self->function == NULL)
    return;
  if (request_uri == NULL && self->lifetime == -1)
    {
      self->function (NULL, error, self->user_data);
      return;
    }
  if (request_uri != NULL)
    {
      self->lifetime = MIN (expires_in, LIFETIME_MAX);
      uri = ta_authorization_pushed_uri (self->provider, self->client_id, request_uri);
    }
  schedule (self);
  if (uri != NULL)
    self->function (uri, NULL, self->user_data);
}

static void
send_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaPush) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_token_endpoint_send_finish (self->parts, result, &error);
  g_autofree char *request_uri = NULL;
  gint64 expires_in = 0;

  if (response != NULL)
    request_uri = ta_par_response_parse (response->status, (const char *) response->body->data,
                                         response->body->len, &expires_in, &error);
  take (self, request_uri, expires_in, error);
}

static void
turn_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaPush) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!ta_turn_finish (TA_THROTTLE (source), result, &error))
    take (self, NULL, 0, error);
  else if (self->function != NULL)
    ta_token_endpoint_send_async (self->parts, get_endpoint (self), self->request, NULL, TIMEOUT,
                                  NULL, send_cb, push_ref (self));
}

static void
push (TaPush *self)
{
  ta_turn_async (self->parts->throttle, get_endpoint (self), TIMEOUT, self->cancellable, turn_cb,
                 push_ref (self));
}

/* `query`: the authorization request. One whose code is to be bound to a key names the key
 * (dpop_jkt) and needs no proof: RFC 9449 section 10.1 has servers take either. A proof would be
 * refused for good by those that want a nonce and give none at this endpoint.
 * Errors: those of ta_turn_async(), ta_token_endpoint_send_async() and ta_par_response_parse(). */
TaPush *
ta_push_new (TaParts *parts, TaProvider *provider, TaClient *client, const char *query,
             TaPushFunc function, gpointer user_data)
{
  TaPush *self = g_new0 (TaPush, 1);

  g_ref_count_init (&self->references);
  self->parts = ta_parts_ref (parts);
  self->provider = ta_provider_ref (provider);
  self->client_id = g_strdup (client->id);
  self->request = ta_token_request_push (provider, client, query);
  self->function = function;
  self->user_data = user_data;
  self->lifetime = -1;
  self->cancellable = g_cancellable_new ();
  push (self);
  return self;
}

/* Nothing is told after this. */
void
ta_push_free (TaPush *self)
{
  self->function = NULL;
  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->renewal, ta_alarm_free);
  push_unref (self);
}

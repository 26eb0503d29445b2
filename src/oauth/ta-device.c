/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-device.h"

#include "base/ta-error.h"
#include "base/ta-json.h"
#include "oauth/ta-answer.h"
#include "oauth/ta-endpoint.h"
#include "oauth/ta-host.h"
#include "oauth/ta-token.h"

#include <string.h>

/* The device grant, for a browser on another machine. Whoever can forge an answer could send people
 * to a page of his own, so the address to be shown must be on a host that the sign-in is about. */

#define USER_CODE_MAX 64

#define INTERVAL 5
#define SLOW_DOWN 5
#define BACK_OFF_MAX 60

/* A code whose interval is as long as its life is asked about once, so long before its end. */
#define LAST_CHANCE 5

#define LIFETIME 300
#define LIFETIME_MAX 1800

static TaDevice *
fail (GError **error, int code, const char *message)
{
  g_set_error_literal (error, TA_ERROR, code, message);
  return NULL;
}

/* It is printed and read aloud. */
static gboolean
is_user_code (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    if (*c < 0x20 || *c > 0x7e)
      return FALSE;
  return *text != '\0' && strlen (text) <= USER_CODE_MAX;
}

static gboolean
is_trusted (const TaProvider *provider, const char *uri)
{
  return ta_endpoint_is_valid (uri)
         && (ta_host_is_same (uri, provider->issuer)
             || ta_host_is_same (uri, provider->authorization_endpoint)
             || ta_host_is_same (uri, provider->token_endpoint)
             || ta_host_is_listed (uri, (const char *const *) provider->metadata_hosts));
}

/* From 1 to `maximum`; the fallback if it is absent or no number. */
static guint
get_seconds (JsonObject *object, const char *member, guint fallback, guint maximum)
{
  JsonNode *node = json_object_get_member (object, member);
  gint64 seconds;

  if (ta_json_get_int64 (object, member, &seconds))
    return (guint) CLAMP (seconds, 1, (gint64) maximum);
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node))
    return fallback;
  if (json_node_get_value_type (node) == G_TYPE_INT64)
    return 1;
  if (json_node_get_value_type (node) == G_TYPE_DOUBLE)
    return (guint) CLAMP (json_node_get_double (node), 1, maximum);
  return fallback;
}

static TaDevice *
parse_object (const TaProvider *provider, JsonObject *object, GError **error)
{
  const char *device_code = ta_json_get_string (object, "device_code");
  const char *user_code = ta_json_get_string (object, "user_code");
  const char *uri = ta_json_get_string (object, "verification_uri");
  const char *complete = ta_json_get_string (object, "verification_uri_complete");
  TaDevice *self;

  if (device_code == NULL || !ta_token_is_text (device_code) || user_code == NULL
      || !is_user_code (user_code) || uri == NULL)
    return fail (error, TA_ERROR_INVALID_RESPONSE,
                 "The device authorization endpoint's answer has no usable device_code, user_code "
                 "or verification_uri: check DeviceAuthorizationEndpoint");
  if (!is_trusted (provider, uri))
    return fail (error, TA_ERROR_SIGN_IN_FAILED,
                 "The provider wants the user code typed on another host than its own: if that is "
                 "right, name the host in MetadataHosts of the provider file");
  self = g_new0 (TaDevice, 1);
  self->device_code = ta_secret_new (device_code);
  self->user_code = g_strdup (user_code);
  self->verification_uri = g_strdup (uri);
  if (complete != NULL && is_trusted (provider, complete))
    self->verification_uri_complete = g_strdup (complete);
  self->expires_in = get_seconds (object, "expires_in", LIFETIME, LIFETIME_MAX);
  self->interval = get_seconds (object, "interval", INTERVAL, LIFETIME_MAX);
  self->first_wait = MIN (self->interval, MAX (self->expires_in, LAST_CHANCE + 1) - LAST_CHANCE);
  return self;
}

/* Parses the answer to a device authorization request.
 * Errors: those of ta_answer_parse(); TA_ERROR_SIGN_IN_FAILED also for an address that is not the
 * provider's. */
TaDevice *
ta_device_parse (const TaProvider *provider, guint status, const char *body, gsize length,
                 GError **error)
{
  g_autoptr (JsonObject) object = ta_answer_parse (TA_ANSWER_DEVICE, status, body, length, error);

  return object == NULL ? NULL : parse_object (provider, object, error);
}

/* What an HTTP answer to ta_token_request_device_code() means.
 * Errors (TA_DEVICE_FAILED): those of ta_answer_parse(), TA_ERROR_SIGN_IN_DENIED,
 * TA_ERROR_SIGN_IN_TIMEOUT. */
TaDevicePoll
ta_device_judge (guint status, const char *body, gsize length, GError **error)
{
  g_autofree char *code = NULL;
  g_autoptr (JsonObject) object = NULL;

  if (status >= 200 && status <= 299)
    return TA_DEVICE_GRANTED;
  if (status == 408 || status == 429 || status >= 500)
    return TA_DEVICE_UNANSWERED;
  code = ta_answer_find_code (status, body, length);
  if (g_strcmp0 (code, "authorization_pending") == 0)
    return TA_DEVICE_PENDING;
  if (g_strcmp0 (code, "slow_down") == 0)
    return TA_DEVICE_SLOW_DOWN;
  if (g_strcmp0 (code, "temporarily_unavailable") == 0 || g_strcmp0 (code, "server_error") == 0)
    return TA_DEVICE_UNANSWERED;
  if (g_strcmp0 (code, "access_denied") == 0)
    fail (error, TA_ERROR_SIGN_IN_DENIED,
          "The user or the provider denied access: sign in again and allow it");
  else if (g_strcmp0 (code, "expired_token") == 0)
    fail (error, TA_ERROR_SIGN_IN_TIMEOUT, "Nobody signed in before the code expired: start again");
  else
    object = ta_answer_parse (TA_ANSWER_DEVICE_CODE, status, body, length, error);
  return TA_DEVICE_FAILED;
}

/* The seconds to wait from now on, after a question that was asked with `interval`: 5 more for good
 * where the server asks for it, twice as many where it does not answer, but not beyond a minute
 * (RFC 8628 section 3.5). Never fewer than before. */
guint
ta_device_next_interval (guint interval, TaDevicePoll poll)
{
  if (poll == TA_DEVICE_SLOW_DOWN)
    return interval + SLOW_DOWN;
  if (poll == TA_DEVICE_UNANSWERED)
    return MAX (interval, MIN (interval * 2, BACK_OFF_MAX));
  return interval;
}

void
ta_device_free (TaDevice *self)
{
  ta_secret_unref (self->device_code);
  g_free (self->user_code);
  g_free (self->verification_uri);
  g_free (self->verification_uri_complete);
  g_free (self);
}

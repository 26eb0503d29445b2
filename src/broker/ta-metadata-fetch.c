/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-metadata-fetch.h"

#include "base/ta-error.h"
#include "base/ta-json.h"
#include "io/ta-clock.h"
#include "io/ta-max-age.h"
#include "io/ta-retry-after.h"

/* An issuer's metadata, from the first well-known address that has some (RFC 8414 section 3, then
 * OpenID Connect Discovery 1.0 section 4). Three kinds of answer are told apart:
 *
 * - There is nothing: a client error, a redirect, which is not followed, or a page instead of a
 * JSON object, because some servers answer every path so. The next address is tried.
 * - There is a document. It counts or is refused; a second one would not mend a first that is
 * wrong.
 * - Nobody can say now: the server is out of order or not there. The next address would not be the
 *   same server's word. */

#define TIMEOUT 10 /* seconds, for each address */
#define LIFETIME_MIN 60
#define LIFETIME_DEFAULT 3600
#define LIFETIME_MAX 86400
#define N_URIS 2

typedef struct
{
  TaThrottle *throttle; /* (owned) */
  char *issuer;         /* (owned) */
  char **uris;          /* (owned): where the metadata may be */
  guint n_tried;
  guint statuses[N_URIS]; /* of the answers so far */
  gint64 lifetime;        /* seconds */
} Fetch;

static void fetch_next (GTask *task);

static void
fetch_free (Fetch *fetch)
{
  g_object_unref (fetch->throttle);
  g_free (fetch->issuer);
  g_strfreev (fetch->uris);
  g_free (fetch);
}

/* Seconds that a response may be kept, less those that a cache had it already (RFC 9111 section
 * 4.2). A date that is longer ahead than an hour counts as that, which is the default too. */
static gint64
get_lifetime (const TaHttpResponse *response)
{
  const char *control = g_hash_table_lookup (response->headers, "cache-control");
  const char *expires = g_hash_table_lookup (response->headers, "expires");
  const char *age = g_hash_table_lookup (response->headers, "age");
  gint64 lifetime = control == NULL ? -1 : ta_max_age_parse (control);
  guint64 seconds;

  if (lifetime > 0 && age != NULL
      && g_ascii_string_to_unsigned (age, 10, 0, G_MAXINT32, &seconds, NULL))
    lifetime = MAX (lifetime - (gint64) seconds, 0);
  if (lifetime < 0 && expires != NULL)
    lifetime = ta_retry_after_parse (expires, ta_clock_now ().wall);
  return lifetime < 0 ? LIFETIME_DEFAULT : CLAMP (lifetime, LIFETIME_MIN, LIFETIME_MAX);
}

static gboolean
is_document (const TaHttpResponse *response)
{
  g_autoptr (JsonObject) object = NULL;

  if (response->status == 200)
    object = ta_json_parse_object ((const char *) response->body->data, response->body->len,
                                   TA_METADATA_MAX, NULL);
  return object != NULL;
}

static GError *
create_status_error (const Fetch *fetch)
{
  guint status = fetch->statuses[fetch->n_tried - 1];

  if (status == 429)
    return g_error_new_literal (TA_ERROR, TA_ERROR_RATE_LIMITED,
                                "The provider's issuer asks for fewer requests: try again later");
  if (status == 408 || status >= 500)
    return g_error_new (TA_ERROR, TA_ERROR_SERVER_ERROR,
                        "The provider's issuer is out of order (HTTP %u): try again later", status);
  return g_error_new (TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                      "The provider's issuer has no metadata (HTTP %u, then HTTP %u): check Issuer "
                      "in the provider file",
                      fetch->statuses[0], fetch->statuses[1]);
}

/* Whether the answer, if it is none with a document, says that there is nothing. */
static gboolean
is_nothing (guint status)
{
  return status < 500 && status != 408 && status != 429;
}

static void
fetch_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Fetch *fetch = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (TaHttpResponse) response = ta_http_send_finish (TA_HTTP (source), result, &error);
  TaMetadata *metadata = NULL;

  if (g_error_matches (error, TA_ERROR, TA_ERROR_RESPONSE_TOO_LARGE))
    error->code = TA_ERROR_INVALID_RESPONSE;
  if (response != NULL)
    {
      ta_throttle_note_response (fetch->throttle, fetch->uris[fetch->n_tried - 1], response);
      fetch->statuses[fetch->n_tried - 1] = response->status;
      fetch->lifetime = get_lifetime (response);
    }
  if (response != NULL && is_document (response))
    metadata = ta_metadata_parse ((const char *) response->body->data, response->body->len,
                                  fetch->issuer, &error);
  else if (response != NULL && is_nothing (response->status) && fetch->n_tried < N_URIS)
    {
      fetch_next (task);
      return;
    }
  else if (response != NULL)
    error = create_status_error (fetch);
  if (metadata != NULL)
    {
      ta_throttle_note_success (fetch->throttle, fetch->uris[0]);
      g_task_return_pointer (task, metadata, (GDestroyNotify) ta_metadata_unref);
    }
  else
    {
      ta_throttle_note_failure (fetch->throttle, fetch->uris[0], error);
      g_task_return_error (task, error);
    }
  g_object_unref (task);
}

/* Takes the task. */
static void
fetch_next (GTask *task)
{
  Fetch *fetch = g_task_get_task_data (task);
  TaHttpRequest request = {
    .method = "GET",
    .uri = fetch->uris[fetch->n_tried++],
    .accept = "application/json",
    .max_length = TA_METADATA_MAX,
    .timeout = TIMEOUT,
  };

  ta_http_send_async (g_task_get_source_object (task), &request, NULL, fetch_cb, task);
}

/* Asks an issuer for its metadata, without a look at whether it may be asked now.
 * Errors: TA_ERROR_NETWORK, TA_ERROR_TIMEOUT, TA_ERROR_TLS, TA_ERROR_SERVER_ERROR,
 * TA_ERROR_RATE_LIMITED, TA_ERROR_INVALID_RESPONSE. */
void
ta_metadata_fetch_async (TaHttp *http, TaThrottle *throttle, const char *issuer,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (http, NULL, callback, user_data);
  Fetch *fetch = g_new0 (Fetch, 1);

  g_task_set_source_tag (task, ta_metadata_fetch_async);
  fetch->throttle = g_object_ref (throttle);
  fetch->issuer = g_strdup (issuer);
  fetch->uris = ta_metadata_uris (issuer);
  g_task_set_task_data (task, fetch, (GDestroyNotify) fetch_free);
  fetch_next (task);
}

/* (transfer full): `lifetime` (out): seconds that it counts. */
TaMetadata *
ta_metadata_fetch_finish (TaHttp *http, GAsyncResult *result, gint64 *lifetime, GError **error)
{
  Fetch *fetch;

  g_return_val_if_fail (g_task_is_valid (result, http), NULL);
  fetch = g_task_get_task_data (G_TASK (result));
  *lifetime = fetch->lifetime;
  return g_task_propagate_pointer (G_TASK (result), error);
}

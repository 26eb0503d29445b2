/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-throttle.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"
#include "io/ta-retry-after.h"

/* When servers may be asked again, for all callers together. There are three kinds of gate:
 *
 * - That of a host, closed by an answer with Retry-After (RFC 9110 section 10.2.3, RFC 6585
 *   section 4). It stays closed for as long as the server said.
 * - That of one project at an API that counts its requests, closed when there are none left. It
 *   stays closed until there are. A project is named by a URI of its own.
 * - That of one endpoint, closed after a failure for 1, 2, 4 to 300 seconds, less a random part so
 *   that many computers do not come back at one moment. It opens early when the computer wakes.
 *
 * What a person waits for and what cannot be made later is sent whatever the gates say, once: an
 * authorization code, which lives for minutes; the question who signed in; a revocation, before the
 * tokens are deleted. Its answer closes gates like any other. */

#define BACK_OFF_MAX_MS 300000

struct _TaThrottle
{
  GObject parent_instance;

  TaWake *wake;          /* (owned) */
  GHashTable *hosts;     /* (owned): "host:port" to Gate */
  GHashTable *projects;  /* (owned): URI to Gate */
  GHashTable *endpoints; /* (owned): URI to Gate */
};

G_DEFINE_FINAL_TYPE (TaThrottle, ta_throttle, G_TYPE_OBJECT)

typedef struct
{
  gint64 opens_at; /* on the boot clock, ms */
  guint failures;  /* in a row */
  int code;        /* TaError: why it is closed */
} Gate;

/* In lower case (RFC 3986 section 3.2.2). */
static char *
get_host (const char *uri)
{
  g_autoptr (GUri) parsed
      = g_uri_parse (uri, G_URI_FLAGS_ENCODED | G_URI_FLAGS_SCHEME_NORMALIZE, NULL);
  g_autofree char *host = g_ascii_strdown (g_uri_get_host (parsed), -1);

  return g_strdup_printf ("%s:%d", host, g_uri_get_port (parsed));
}

/* Takes the key. */
static Gate *
get_gate (GHashTable *gates, char *key)
{
  Gate *gate = g_hash_table_lookup (gates, key);

  if (gate == NULL)
    {
      gate = g_new0 (Gate, 1);
      g_hash_table_insert (gates, key, gate);
    }
  else
    g_free (key);
  return gate;
}

/* (nullable): the gate that is closed longest. */
static const Gate *
find_closed (TaThrottle *self, const char *uri)
{
  g_autofree char *key = get_host (uri);
  const Gate *host = g_hash_table_lookup (self->hosts, key);
  const Gate *project = g_hash_table_lookup (self->projects, uri);
  const Gate *endpoint = g_hash_table_lookup (self->endpoints, uri);
  const Gate *later = host;

  if (later == NULL || (project != NULL && project->opens_at > later->opens_at))
    later = project;
  if (later == NULL || (endpoint != NULL && endpoint->opens_at > later->opens_at))
    later = endpoint;
  return later != NULL && later->opens_at > ta_clock_boot_ms () ? later : NULL;
}

/* Milliseconds until a URI may be asked; 0: at once. */
gint64
ta_throttle_get_wait (TaThrottle *self, const char *uri)
{
  const Gate *gate = find_closed (self, uri);

  return gate == NULL ? 0 : MAX (gate->opens_at - ta_clock_boot_ms (), 1);
}

static gboolean
is_closed (gpointer key, gpointer value, gpointer user_data)
{
  return ((Gate *) value)->opens_at > ta_clock_boot_ms ();
}

/* Whether anything must wait before it may be asked. */
gboolean
ta_throttle_is_closed (TaThrottle *self)
{
  return g_hash_table_find (self->hosts, is_closed, NULL) != NULL
         || g_hash_table_find (self->projects, is_closed, NULL) != NULL
         || g_hash_table_find (self->endpoints, is_closed, NULL) != NULL;
}

static const char *
describe (int code)
{
  switch (code)
    {
    case TA_ERROR_RATE_LIMITED:
      return "asks for fewer requests";
    case TA_ERROR_SERVER_ERROR:
      return "is out of order";
    case TA_ERROR_NETWORK:
      return "could not be reached";
    case TA_ERROR_TIMEOUT:
      return "did not answer in time";
    case TA_ERROR_TLS:
      return "has no certificate this computer trusts";
    default:
      return "gave an answer that makes no sense";
    }
}

/* (transfer full): why a URI must wait, and how long. */
GError *
ta_throttle_get_error (TaThrottle *self, const char *uri)
{
  const Gate *gate = find_closed (self, uri);
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_ENCODED, NULL);
  gint64 seconds = (ta_throttle_get_wait (self, uri) + 999) / 1000;

  return g_error_new (TA_ERROR, gate == NULL ? TA_ERROR_TIMEOUT : gate->code,
                      "%.100s %s: try again in %" G_GINT64_FORMAT " seconds",
                      g_uri_get_host (parsed), describe (gate == NULL ? -1 : gate->code), seconds);
}

/* Takes the key. */
static void
close_gate (GHashTable *gates, char *key, gint64 seconds, int code)
{
  Gate *gate = get_gate (gates, key);

  gate->opens_at = MAX (gate->opens_at, ta_clock_boot_ms () + seconds * 1000);
  gate->code = code;
}

/* Takes notice of a server's wish to be left alone. */
void
ta_throttle_note_response (TaThrottle *self, const char *uri, const TaHttpResponse *response)
{
  const char *value = g_hash_table_lookup (response->headers, "retry-after");
  gboolean is_told = value != NULL && (response->status == 429 || response->status == 503);
  gint64 seconds = is_told ? ta_retry_after_parse (value, ta_clock_now ().wall) : 0;

  if (seconds > 0)
    close_gate (self->hosts, get_host (uri), seconds,
                response->status == 429 ? TA_ERROR_RATE_LIMITED : TA_ERROR_SERVER_ERROR);
}

/* Takes notice of what an API says of the requests that are left to a project: of Retry-After, of
 * x-ratelimit-remaining and x-ratelimit-reset. One that refuses a request without a word on time is
 * given ever more of it: `n_refusals` came before. */
void
ta_throttle_note_limits (TaThrottle *self, const char *project, const TaHttpResponse *response,
                         guint n_refusals)
{
  const char *retry_after = g_hash_table_lookup (response->headers, "retry-after");
  const char *remaining = g_hash_table_lookup (response->headers, "x-ratelimit-remaining");
  const char *reset = g_hash_table_lookup (response->headers, "x-ratelimit-reset");
  gboolean is_refused = response->status == 429;
  gint64 now = ta_clock_now ().wall;
  gint64 seconds = 0;

  if (!is_refused)
    ta_throttle_note_response (self, project, response);
  else if (retry_after != NULL)
    seconds = ta_retry_after_parse (retry_after, now);
  if (seconds == 0 && reset != NULL && (is_refused || g_strcmp0 (remaining, "0") == 0))
    seconds = ta_retry_after_parse_reset (reset, now);
  if (seconds == 0 && is_refused)
    seconds = G_GINT64_CONSTANT (1) << MIN (n_refusals, 6);
  if (seconds > 0)
    close_gate (self->projects, g_strdup (project), seconds, TA_ERROR_RATE_LIMITED);
}

/* Whether the server failed, and not the one request. */
static gboolean
is_of_server (const GError *error)
{
  return g_error_matches (error, TA_ERROR, TA_ERROR_RATE_LIMITED)
         || g_error_matches (error, TA_ERROR, TA_ERROR_SERVER_ERROR)
         || g_error_matches (error, TA_ERROR, TA_ERROR_NETWORK)
         || g_error_matches (error, TA_ERROR, TA_ERROR_TIMEOUT)
         || g_error_matches (error, TA_ERROR, TA_ERROR_TLS)
         || g_error_matches (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
}

/* A request to an endpoint failed. */
void
ta_throttle_note_failure (TaThrottle *self, const char *uri, const GError *error)
{
  Gate *gate;
  gint64 longest;

  if (!is_of_server (error))
    return;
  gate = get_gate (self->endpoints, g_strdup (uri));
  longest = MIN (G_GINT64_CONSTANT (1000) << MIN (gate->failures, 10), BACK_OFF_MAX_MS);

  gate->failures++;
  gate->opens_at = ta_clock_boot_ms () + g_random_int_range (longest / 2, longest + 1);
  gate->code = error->code;
}

void
ta_throttle_note_success (TaThrottle *self, const char *uri)
{
  g_hash_table_remove (self->endpoints, uri);
}

/* The next failure closes a gate for as long as if this had not come between. */
static void
on_woke (TaWake *wake, TaThrottle *self)
{
  GHashTableIter iter;
  gpointer gate;

  g_hash_table_iter_init (&iter, self->endpoints);
  while (g_hash_table_iter_next (&iter, NULL, &gate))
    ((Gate *) gate)->opens_at = 0;
  g_signal_emit_by_name (self, "reopened");
}

static void
ta_throttle_init (TaThrottle *self)
{
  self->hosts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->projects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->endpoints = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static void
ta_throttle_finalize (GObject *object)
{
  TaThrottle *self = TA_THROTTLE (object);

  g_signal_handlers_disconnect_by_data (self->wake, self);
  g_object_unref (self->wake);
  g_hash_table_unref (self->hosts);
  g_hash_table_unref (self->projects);
  g_hash_table_unref (self->endpoints);
  G_OBJECT_CLASS (ta_throttle_parent_class)->finalize (object);
}

static void
ta_throttle_class_init (TaThrottleClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_throttle_finalize;

  /* What waits may look again. */
  g_signal_new ("reopened", TA_TYPE_THROTTLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                0);
}

TaThrottle *
ta_throttle_new (TaWake *wake)
{
  TaThrottle *self = g_object_new (TA_TYPE_THROTTLE, NULL);

  self->wake = g_object_ref (wake);
  g_signal_connect (wake, "woke", G_CALLBACK (on_woke), self);
  return self;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "broker/ta-throttle.h"
#include "io/ta-alarm.h"
#include "io/ta-clock.h"

#include "unit.h"

#define TOKEN "https://www.example.com/oauth/token"
#define SAME_HOST "https://www.example.com/v1/contacts?limit=1"
#define OTHER "https://api.example.com/v1/contacts"

typedef struct
{
  TaWake *wake;         /* (owned) */
  TaThrottle *throttle; /* (owned) */
  guint reopenings;
} Fixture;

static void
on_reopened (TaThrottle *throttle, Fixture *fixture)
{
  fixture->reopenings++;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->wake = ta_wake_new ();
  fixture->throttle = ta_throttle_new (fixture->wake);
  g_signal_connect (fixture->throttle, "reopened", G_CALLBACK (on_reopened), fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->throttle);
  g_assert_finalize_object (fixture->wake);
}

/* What the wake emits when the computer resumes, the network changes or the clock is set. */
static void
wake (Fixture *fixture)
{
  g_signal_emit_by_name (fixture->wake, "woke");
}

/* A server answers; `retry_after` (nullable) is the header. */
static void
respond (Fixture *fixture, const char *uri, guint status, const char *retry_after)
{
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  const TaHttpResponse response = { .status = status, .headers = headers };

  if (retry_after != NULL)
    g_hash_table_insert (headers, (char *) "retry-after", (char *) retry_after);
  ta_throttle_note_response (fixture->throttle, uri, &response);
}

static void
fail (Fixture *fixture, const char *uri, int code)
{
  g_autoptr (GError) error = g_error_new_literal (TA_ERROR, code, "It failed");

  ta_throttle_note_failure (fixture->throttle, uri, error);
}

static gint64
get_wait (Fixture *fixture, const char *uri)
{
  return ta_throttle_get_wait (fixture->throttle, uri);
}

/* Whether a gate that was closed at `since` (boot clock) for a time within these bounds is closed
 * now; how long this test has taken cannot make it fail. */
static void
assert_closed (Fixture *fixture, const char *uri, gint64 since, gint64 shortest, gint64 longest)
{
  gint64 wait = get_wait (fixture, uri);
  gint64 taken = ta_clock_boot_ms () - since;

  g_assert_cmpint (wait, <=, longest);
  g_assert_cmpint (wait, >=, shortest - taken);
}

static void
check_open (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (get_wait (fixture, TOKEN), ==, 0);
  ta_throttle_note_success (fixture->throttle, TOKEN);
  wake (fixture);
  g_assert_cmpint (get_wait (fixture, TOKEN), ==, 0);
}

typedef struct
{
  const char *id;
  guint status;
  const char *retry_after; /* (nullable) */
  int seconds;             /* 0: the host stays open */
  int code;
} Answer;

static const Answer answers[] = {
  { "429-seconds", 429, "120", 120, TA_ERROR_RATE_LIMITED },
  { "503-seconds", 503, "120", 120, TA_ERROR_SERVER_ERROR },
  { "429-cap", 429, "86400", 3600, TA_ERROR_RATE_LIMITED },
  { "429-date", 429, "Fri, 31 Dec 9999 23:59:59 GMT", 3600, TA_ERROR_RATE_LIMITED },
  { "503-date", 503, "Fri Dec 31 23:59:59 9999", 3600, TA_ERROR_SERVER_ERROR },
  { "429-date-past", 429, "Sun, 06 Nov 1994 08:49:37 GMT", 0, 0 },
  { "429-none", 429, NULL, 0, 0 },
  { "429-0", 429, "0", 0, 0 },
  { "429-negative", 429, "-120", 0, 0 },
  { "429-rubbish", 429, "soon", 0, 0 },
  { "429-empty", 429, "", 0, 0 },
  { "200", 200, "120", 0, 0 },
  { "301", 301, "120", 0, 0 },
};

/* RF-07: an answer closes its host, whoever asked it. */
static void
check_answer (Fixture *fixture, gconstpointer data)
{
  const Answer *row = data;
  gint64 since = ta_clock_boot_ms ();
  gint64 wait = row->seconds * G_GINT64_CONSTANT (1000);
  g_autoptr (GError) error = NULL;

  respond (fixture, TOKEN, row->status, row->retry_after);
  assert_closed (fixture, TOKEN, since, wait, wait);
  assert_closed (fixture, SAME_HOST, since, wait, wait);
  g_assert_cmpint (get_wait (fixture, OTHER), ==, 0);
  if (row->seconds == 0)
    return;
  error = ta_throttle_get_error (fixture->throttle, SAME_HOST);
  unit_assert_error (error, TA_ERROR, row->code);
}

typedef struct
{
  const char *id;
  const char *asked;
  const char *other;
  gboolean is_same;
} Pair;

static const Pair pairs[] = {
  { "path", "https://example.com/token", "https://example.com/v1/a?b", TRUE },
  { "no-path", "https://example.com", "https://example.com/v1/", TRUE },
  { "port-443", "https://example.com/token", "https://example.com:443/v1/", TRUE },
  { "port-80", "http://127.0.0.1:80/token", "http://127.0.0.1/v1/", TRUE },
  { "port", "http://127.0.0.1:8700/token", "http://127.0.0.1:8700/v1/", TRUE },
  { "ipv6", "http://[::1]:8700/token", "http://[::1]:8700/v1/", TRUE },
  { "case", "https://example.com/token", "HTTPS://API.Example.COM/v1/", FALSE },
  { "other-case", "https://api.example.com/token", "https://API.Example.COM/v1/", TRUE },
  { "case-and-port", "https://Example.com:8443/token", "https://example.COM:8443/V1/", TRUE },
  { "other-port", "http://127.0.0.1:8700/token", "http://127.0.0.1:8701/token", FALSE },
  { "other-scheme", "http://localhost/token", "https://localhost/token", FALSE },
  { "other-host", "https://example.com/token", "https://example.org/token", FALSE },
  { "host-below", "https://example.com/token", "https://api.example.com/token", FALSE },
  { "ipv6-or-not", "http://[::1]:80/token", "http://127.0.0.1:80/token", FALSE },
};

static void
check_host (Fixture *fixture, gconstpointer data)
{
  const Pair *row = data;

  respond (fixture, row->asked, 429, "120");
  g_assert_cmpint (get_wait (fixture, row->asked), >, 0);
  g_assert_cmpint (get_wait (fixture, row->other) > 0, ==, row->is_same);
}

/* The server's word stands: only a later one makes it longer. */
static void
check_retry_after_stands (Fixture *fixture, gconstpointer data)
{
  gint64 since = ta_clock_boot_ms ();

  respond (fixture, TOKEN, 429, "600");
  wake (fixture);
  assert_closed (fixture, TOKEN, since, 600000, 600000);
  ta_throttle_note_success (fixture->throttle, TOKEN);
  assert_closed (fixture, TOKEN, since, 600000, 600000);
  respond (fixture, SAME_HOST, 503, "5");
  assert_closed (fixture, TOKEN, since, 600000, 600000);
  respond (fixture, SAME_HOST, 200, NULL);
  assert_closed (fixture, TOKEN, since, 600000, 600000);
  since = ta_clock_boot_ms ();
  respond (fixture, SAME_HOST, 429, "1200");
  assert_closed (fixture, TOKEN, since, 1200000, 1200000);
}

/* 1, 2, 4 to 300 seconds, less up to half. */
static void
check_back_off (Fixture *fixture, gconstpointer data)
{
  gint64 longest = 1000;

  for (int i = 0; i < 100; i++)
    {
      gint64 since = ta_clock_boot_ms ();

      fail (fixture, TOKEN, TA_ERROR_NETWORK);
      assert_closed (fixture, TOKEN, since, longest / 2, longest);
      longest = MIN (longest * 2, 300000);
    }
}

/* Computers that failed together do not come back together: of 31, one at least is a second or
 * more away from the first, unless all draw almost the same of 150,001 numbers. */
static void
check_jitter (Fixture *fixture, gconstpointer data)
{
  gint64 first = 0;
  guint different = 0;

  for (int i = 0; i < 32; i++)
    {
      g_autoptr (TaThrottle) throttle = ta_throttle_new (fixture->wake);
      g_autoptr (GError) error = g_error_new_literal (TA_ERROR, TA_ERROR_NETWORK, "It failed");
      gint64 wait;

      for (int failures = 0; failures < 10; failures++)
        ta_throttle_note_failure (throttle, TOKEN, error);
      wait = ta_throttle_get_wait (throttle, TOKEN);
      first = i == 0 ? wait : first;
      different += ABS (wait - first) > 1000;
    }
  g_assert_cmpuint (different, >, 0);
}

static void
check_success (Fixture *fixture, gconstpointer data)
{
  gint64 since;

  for (int i = 0; i < 5; i++)
    fail (fixture, TOKEN, TA_ERROR_SERVER_ERROR);
  ta_throttle_note_success (fixture->throttle, TOKEN);
  g_assert_cmpint (get_wait (fixture, TOKEN), ==, 0);
  since = ta_clock_boot_ms ();
  fail (fixture, TOKEN, TA_ERROR_SERVER_ERROR);
  assert_closed (fixture, TOKEN, since, 500, 1000);
}

/* Waking opens, once; a server that is still down is asked as rarely as before. */
static void
check_wake (Fixture *fixture, gconstpointer data)
{
  gint64 since;

  for (int i = 0; i < 5; i++)
    fail (fixture, TOKEN, TA_ERROR_SERVER_ERROR);
  wake (fixture);
  g_assert_cmpuint (fixture->reopenings, ==, 1);
  g_assert_cmpint (get_wait (fixture, TOKEN), ==, 0);
  since = ta_clock_boot_ms ();
  fail (fixture, TOKEN, TA_ERROR_SERVER_ERROR);
  assert_closed (fixture, TOKEN, since, 16000, 32000);
  g_assert_cmpuint (fixture->reopenings, ==, 1);
}

/* A token endpoint that fails says nothing of the API beside it. */
static void
check_endpoint_alone (Fixture *fixture, gconstpointer data)
{
  fail (fixture, TOKEN, TA_ERROR_SERVER_ERROR);
  g_assert_cmpint (get_wait (fixture, TOKEN), >, 0);
  g_assert_cmpint (get_wait (fixture, SAME_HOST), ==, 0);
  g_assert_cmpint (get_wait (fixture, OTHER), ==, 0);
  ta_throttle_note_success (fixture->throttle, OTHER);
  g_assert_cmpint (get_wait (fixture, TOKEN), >, 0);
}

/* Of both gates the one that is closed longer counts, and says why. */
static void
check_both (Fixture *fixture, gconstpointer data)
{
  gint64 start = ta_clock_boot_ms ();
  gint64 since;
  g_autoptr (GError) host = NULL;
  g_autoptr (GError) endpoint = NULL;

  fail (fixture, TOKEN, TA_ERROR_NETWORK);
  respond (fixture, TOKEN, 503, "60");
  assert_closed (fixture, TOKEN, start, 60000, 60000);
  host = ta_throttle_get_error (fixture->throttle, TOKEN);
  unit_assert_error (host, TA_ERROR, TA_ERROR_SERVER_ERROR);

  since = ta_clock_boot_ms ();
  for (int i = 0; i < 10; i++)
    fail (fixture, TOKEN, TA_ERROR_TIMEOUT);
  assert_closed (fixture, TOKEN, since, 150000, 300000);
  endpoint = ta_throttle_get_error (fixture->throttle, TOKEN);
  unit_assert_error (endpoint, TA_ERROR, TA_ERROR_TIMEOUT);
  wake (fixture);
  assert_closed (fixture, TOKEN, start, 60000, 60000);
}

static void
on_ring (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

/* An alarm of the time that it said finds it open. */
static void
await_opening (Fixture *fixture, const char *uri)
{
  gboolean rang = FALSE;
  TaAlarm *alarm = ta_alarm_new (get_wait (fixture, uri), on_ring, &rang);

  while (!rang)
    g_main_context_iteration (NULL, TRUE);
  ta_alarm_free (alarm);
  g_assert_cmpint (get_wait (fixture, uri), ==, 0);
}

static void
check_opens_by_itself (Fixture *fixture, gconstpointer data)
{
  fail (fixture, TOKEN, TA_ERROR_NETWORK);
  await_opening (fixture, TOKEN);
  respond (fixture, OTHER, 429, "1");
  await_opening (fixture, OTHER);
}

typedef struct
{
  const char *id;
  int code;
  const char *words;
} Reason;

static const Reason reasons[] = {
  { "network", TA_ERROR_NETWORK, "could not be reached" },
  { "timeout", TA_ERROR_TIMEOUT, "did not answer in time" },
  { "tls", TA_ERROR_TLS, "certificate" },
  { "server-error", TA_ERROR_SERVER_ERROR, "out of order" },
  { "rate-limited", TA_ERROR_RATE_LIMITED, "fewer requests" },
  { "invalid-response", TA_ERROR_INVALID_RESPONSE, "no sense" },
};

/* The code is the last failure's, and the text tells host, reason and time, but no query. */
static void
check_reason (Fixture *fixture, gconstpointer data)
{
  const Reason *row = data;
  const char *uri = "https://login.example.com/token?secret=hunter2";
  g_autoptr (GError) error = NULL;
  const char *number;

  fail (fixture, uri, TA_ERROR_FAILED);
  for (int i = 0; i < 9; i++)
    fail (fixture, uri, row->code);
  error = ta_throttle_get_error (fixture->throttle, uri);
  unit_assert_error (error, TA_ERROR, row->code);
  g_assert_nonnull (strstr (error->message, "login.example.com "));
  g_assert_nonnull (strstr (error->message, row->words));
  g_assert_null (strstr (error->message, "hunter2"));
  number = strstr (error->message, "try again in ");
  g_assert_nonnull (number);
  g_assert_cmpuint (g_ascii_strtoull (number + strlen ("try again in "), NULL, 10), <=, 300);
  g_assert_true (g_str_has_suffix (error->message, " seconds"));
}

/* A message has no room for everything. */
static void
check_long_host (Fixture *fixture, gconstpointer data)
{
  g_autofree char *label = unit_repeat ("a", 1900);
  g_autofree char *uri = g_strconcat ("https://", label, "/token", NULL);
  g_autoptr (GError) error = NULL;

  fail (fixture, uri, TA_ERROR_TLS);
  respond (fixture, uri, 429, "3600");
  error = ta_throttle_get_error (fixture->throttle, uri);
  unit_assert_error (error, TA_ERROR, TA_ERROR_RATE_LIMITED);
}

/* What outlives it tells it nothing any more. */
static void
check_wake_outlives (Fixture *fixture, gconstpointer data)
{
  TaThrottle *throttle = ta_throttle_new (fixture->wake);

  g_assert_finalize_object (throttle);
  wake (fixture);
  g_assert_cmpuint (fixture->reopenings, ==, 1);
}

static void
add (const char *path, gconstpointer row, void (*check) (Fixture *fixture, gconstpointer user_data))
{
  g_test_add (path, Fixture, row, set_up, check, tear_down);
}

#define ADD_ROWS(group, rows, check)                                                               \
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)                                                  \
    {                                                                                              \
      g_autofree char *path = g_strconcat (group "/", (rows)[i].id, NULL);                         \
                                                                                                   \
      add (path, &(rows)[i], check);                                                               \
    }

int
main (int argc, char **argv)
{
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "disabled:", TRUE);
  g_test_init (&argc, &argv, NULL);
  add ("/throttle/UN-TH-01-open", NULL, check_open);
  ADD_ROWS ("/throttle/UN-TH-02-answer", answers, check_answer);
  ADD_ROWS ("/throttle/UN-TH-03-host", pairs, check_host);
  add ("/throttle/UN-TH-04-retry-after-stands", NULL, check_retry_after_stands);
  add ("/throttle/UN-TH-05-back-off", NULL, check_back_off);
  add ("/throttle/UN-TH-06-jitter", NULL, check_jitter);
  add ("/throttle/UN-TH-07-success", NULL, check_success);
  add ("/throttle/UN-TH-08-wake", NULL, check_wake);
  add ("/throttle/UN-TH-09-endpoint-alone", NULL, check_endpoint_alone);
  add ("/throttle/UN-TH-10-both", NULL, check_both);
  add ("/throttle/UN-TH-11-opens-by-itself", NULL, check_opens_by_itself);
  ADD_ROWS ("/throttle/UN-TH-12-reason", reasons, check_reason);
  add ("/throttle/UN-TH-13-long-host", NULL, check_long_host);
  add ("/throttle/UN-TH-14-wake-outlives", NULL, check_wake_outlives);
  return g_test_run ();
}

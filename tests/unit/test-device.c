/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "oauth/ta-device.h"

#include "unit-provider.h"

#define CODES "\"device_code\":\"d\",\"user_code\":\"WDJB-MJHT\","
#define ADDRESS "\"verification_uri\":\"https://www.tidio.com/device\""

static TaDevice *
parse (const char *keys, guint status, const char *body, GError **error)
{
  g_autoptr (TaProvider) provider = unit_provider_new (keys);

  return ta_device_parse (provider, status, body, strlen (body), error);
}

/* RFC 8628 section 3.2. */
static void
check_rfc (void)
{
  const char *body
      = "{"
        "\"device_code\":\"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS\","
        "\"user_code\":\"WDJB-MJHT\","
        "\"verification_uri\":\"https://example.com/device\","
        "\"verification_uri_complete\":\"https://example.com/device?user_code=WDJB-MJHT\","
        "\"expires_in\":1800,"
        "\"interval\":5"
        "}";
  g_autoptr (GError) error = NULL;
  g_autoptr (TaDevice) device = parse ("MetadataHosts=example.com\n", 200, body, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (ta_secret_peek (device->device_code), ==,
                   "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS");
  g_assert_cmpstr (device->user_code, ==, "WDJB-MJHT");
  g_assert_cmpstr (device->verification_uri, ==, "https://example.com/device");
  g_assert_cmpstr (device->verification_uri_complete, ==,
                   "https://example.com/device?user_code=WDJB-MJHT");
  g_assert_cmpuint (device->expires_in, ==, 1800);
  g_assert_cmpuint (device->interval, ==, 5);
}

typedef struct
{
  const char *id;
  const char *keys;
  const char *uri;
  gboolean good;
} Address;

/* The endpoints are on www.tidio.com. */
static const Address addresses[] = {
  { "own", "", "https://www.tidio.com/device", TRUE },
  { "port", "", "https://www.tidio.com:8443/device", TRUE },
  { "query", "", "https://www.tidio.com/device?a=b", TRUE },
  { "listed", "MetadataHosts=tidio.app\n", "https://tidio.app/device", TRUE },
  { "issuer", "Issuer=https://id.tidio.com\n", "https://id.tidio.com/device", TRUE },
  { "authorization-endpoint", "AuthorizationEndpoint=https://login.tidio.com/a\n",
    "https://login.tidio.com/device", TRUE },
  { "loopback", "AuthorizationEndpoint=http://127.0.0.1:1/a\n", "http://127.0.0.1:1/device", TRUE },
  { "DG-03-script", "", "javascript:alert(1)", FALSE },
  { "DG-03-file", "", "file:///etc/passwd", FALSE },
  { "DG-03-option", "", "-x", FALSE },
  { "DG-03-other", "", "https://evil/device", FALSE },
  { "DG-03-longer", "", "https://www.tidio.com.evil/device", FALSE },
  { "DG-03-user", "", "https://www.tidio.com@evil/device", FALSE },
  { "DG-03-http", "", "http://www.tidio.com/device", FALSE },
  { "DG-03-loopback", "", "http://127.0.0.1/device", FALSE },
  { "DG-03-line-end", "", "https://www.tidio.com/\\n[31m", FALSE },
  { "DG-03-empty", "", "", FALSE },
};

/* The complete address is only a help: a bad one is left out. */
static void
check_address (gconstpointer data)
{
  const Address *row = data;
  g_autofree char *as_plain = g_strdup_printf ("{" CODES "\"verification_uri\":\"%s\"}", row->uri);
  g_autofree char *as_complete
      = g_strdup_printf ("{" CODES ADDRESS ",\"verification_uri_complete\":\"%s\"}", row->uri);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaDevice) plain = parse (row->keys, 200, as_plain, &error);
  g_autoptr (TaDevice) complete = NULL;

  if (row->good)
    {
      g_assert_no_error (error);
      g_assert_cmpstr (plain->verification_uri, ==, row->uri);
      g_assert_null (plain->verification_uri_complete);
    }
  else
    {
      g_assert_null (plain);
      unit_assert_error (error, TA_ERROR, TA_ERROR_SIGN_IN_FAILED);
      g_assert_null (strstr (error->message, "evil"));
    }
  g_clear_error (&error);
  complete = parse ("", 200, as_complete, &error);
  g_assert_no_error (error);
  if (!row->good)
    g_assert_null (complete->verification_uri_complete);
}

typedef struct
{
  const char *id;
  guint status;
  const char *body;
  TaError code;
} Bad;

static const Bad bad[] = {
  { "no-device-code", 200, "{\"user_code\":\"u\"," ADDRESS "}", TA_ERROR_INVALID_RESPONSE },
  { "device-code-space", 200, "{\"device_code\":\"CAN ARY\",\"user_code\":\"u\"," ADDRESS "}",
    TA_ERROR_INVALID_RESPONSE },
  { "no-user-code", 200, "{\"device_code\":\"d\"," ADDRESS "}", TA_ERROR_INVALID_RESPONSE },
  { "user-code-empty", 200, "{\"device_code\":\"d\",\"user_code\":\"\"," ADDRESS "}",
    TA_ERROR_INVALID_RESPONSE },
  { "user-code-escape", 200, "{\"device_code\":\"d\",\"user_code\":\"\\u001b[31m\"," ADDRESS "}",
    TA_ERROR_INVALID_RESPONSE },
  { "user-code-not-ascii", 200, "{\"device_code\":\"d\",\"user_code\":\"\xc3\xa9\"," ADDRESS "}",
    TA_ERROR_INVALID_RESPONSE },
  { "user-code-number", 200, "{\"device_code\":\"d\",\"user_code\":7," ADDRESS "}",
    TA_ERROR_INVALID_RESPONSE },
  { "no-address", 200, "{\"device_code\":\"d\",\"user_code\":\"u\"}", TA_ERROR_INVALID_RESPONSE },
  { "address-number", 200, "{" CODES "\"verification_uri\":7}", TA_ERROR_INVALID_RESPONSE },
  { "html", 200, "<html>", TA_ERROR_INVALID_RESPONSE },
  { "not-found", 404, "", TA_ERROR_INVALID_RESPONSE },
  { "invalid-scope", 400, "{\"error\":\"invalid_scope\"}", TA_ERROR_SIGN_IN_FAILED },
  { "client", 401, "{\"error\":\"invalid_client\"}", TA_ERROR_CLIENT_REJECTED },
  { "not-for-this-client", 400, "{\"error\":\"unauthorized_client\"}", TA_ERROR_CLIENT_REJECTED },
  { "unavailable", 503, "", TA_ERROR_SERVER_ERROR },
  { "too-many", 429, "", TA_ERROR_RATE_LIMITED },
};

static void
check_bad (gconstpointer data)
{
  const Bad *row = data;
  g_autoptr (GError) error = NULL;

  g_assert_null (parse ("", row->status, row->body, &error));
  unit_assert_error (error, TA_ERROR, (int) row->code);
  g_assert_null (strstr (error->message, "CAN ARY"));
}

static void
check_user_code_length (void)
{
  g_autofree char *code = unit_repeat ("A", 64);
  g_autofree char *longest
      = g_strdup_printf ("{\"device_code\":\"d\"," ADDRESS ",\"user_code\":\"%s\"}", code);
  g_autofree char *longer
      = g_strdup_printf ("{\"device_code\":\"d\"," ADDRESS ",\"user_code\":\"%sA\"}", code);
  g_autoptr (TaDevice) device = parse ("", 200, longest, NULL);

  g_assert_nonnull (device);
  g_assert_null (parse ("", 200, longer, NULL));
}

typedef struct
{
  const char *id;
  const char *value; /* as JSON; NULL: absent */
  guint expires_in;
  guint interval;
  guint first_wait; /* where that is another */
} Seconds;

/* DG-02. */
static const Seconds seconds[] = {
  { "absent", NULL, 300, 5 },
  { "plain", "7", 7, 7, 2 },
  { "text", "\"7\"", 7, 7, 2 },
  { "one", "1", 1, 1 },
  { "zero", "0", 1, 1 },
  { "negative", "-1", 1, 1 },
  { "six", "6", 6, 6, 1 },
  { "minute", "60", 60, 60, 55 },
  { "longest", "1800", 1800, 1800, 1795 },
  { "longer", "1801", 1800, 1800, 1795 },
  { "1e9", "1000000000", 1800, 1800, 1795 },
  { "1e9-as-double", "1e9", 1800, 1800, 1795 },
  { "1e400", "1e400", 1800, 1800, 1795 },
  { "minus-1e400", "-1e400", 1, 1 },
  { "fraction", "7.5", 7, 7, 2 },
  { "huge", "12345678901234567890123", 1, 1 },
  { "null", "null", 300, 5 },
  { "word", "\"soon\"", 300, 5 },
  { "true", "true", 300, 5 },
  { "array", "[7]", 300, 5 },
};

static void
check_seconds (gconstpointer data)
{
  const Seconds *row = data;
  g_autofree char *members
      = row->value == NULL
            ? g_strdup ("")
            : g_strdup_printf (",\"expires_in\":%s,\"interval\":%s", row->value, row->value);
  g_autofree char *body = g_strconcat ("{" CODES ADDRESS, members, "}", NULL);
  g_autoptr (TaDevice) device = parse ("", 200, body, NULL);

  g_assert_cmpuint (device->expires_in, ==, row->expires_in);
  g_assert_cmpuint (device->interval, ==, row->interval);
  g_assert_cmpuint (device->first_wait, ==, row->first_wait > 0 ? row->first_wait : row->interval);
}

/* A server that wants to be asked seldom is, as long as its code lives. */
static void
check_seldom (void)
{
  const char *members = "{" CODES ADDRESS ",\"expires_in\":300,\"interval\":120}";
  g_autoptr (TaDevice) device = parse ("", 200, members, NULL);

  g_assert_cmpuint (device->interval, ==, 120);
  g_assert_cmpuint (device->first_wait, ==, 120);
}

typedef struct
{
  const char *id;
  guint status;
  const char *body;
  TaDevicePoll poll;
  TaError code; /* if it failed */
} Poll;

static const Poll polls[] = {
  { "granted", 200, "{\"access_token\":\"a\"}", TA_DEVICE_GRANTED },
  /* RFC 8628 section 3.5. */
  { "rfc-pending", 400, "{\"error\":\"authorization_pending\"}", TA_DEVICE_PENDING },
  { "rfc-slow-down", 400, "{\"error\":\"slow_down\"}", TA_DEVICE_SLOW_DOWN },
  { "rfc-denied", 400, "{\"error\":\"access_denied\"}", TA_DEVICE_FAILED, TA_ERROR_SIGN_IN_DENIED },
  { "rfc-expired", 400, "{\"error\":\"expired_token\"}", TA_DEVICE_FAILED,
    TA_ERROR_SIGN_IN_TIMEOUT },
  { "pending-401", 401, "{\"error\":\"authorization_pending\"}", TA_DEVICE_PENDING },
  { "pending-described", 400, "{\"error\":\"authorization_pending\",\"error_description\":\"x\"}",
    TA_DEVICE_PENDING },
  { "grant", 400, "{\"error\":\"invalid_grant\"}", TA_DEVICE_FAILED, TA_ERROR_SIGN_IN_FAILED },
  { "client", 401, "{\"error\":\"invalid_client\"}", TA_DEVICE_FAILED, TA_ERROR_CLIENT_REJECTED },
  { "grant-type", 400, "{\"error\":\"unsupported_grant_type\"}", TA_DEVICE_FAILED,
    TA_ERROR_SIGN_IN_FAILED },
  { "case", 400, "{\"error\":\"Authorization_Pending\"}", TA_DEVICE_FAILED,
    TA_ERROR_SIGN_IN_FAILED },
  { "html", 400, "<html>", TA_DEVICE_FAILED, TA_ERROR_INVALID_RESPONSE },
  { "redirect", 302, "", TA_DEVICE_FAILED, TA_ERROR_INVALID_RESPONSE },
  { "time", 408, "", TA_DEVICE_UNANSWERED },
  { "too-many", 429, "", TA_DEVICE_UNANSWERED },
  { "out-of-order", 500, "<html>", TA_DEVICE_UNANSWERED },
  { "unavailable", 503, "{\"error\":\"access_denied\"}", TA_DEVICE_UNANSWERED },
  { "unavailable-word", 400, "{\"error\":\"temporarily_unavailable\"}", TA_DEVICE_UNANSWERED },
};

static void
check_poll (gconstpointer data)
{
  const Poll *row = data;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (ta_device_judge (row->status, row->body, strlen (row->body), &error), ==,
                   row->poll);
  if (row->poll == TA_DEVICE_FAILED)
    unit_assert_error (error, TA_ERROR, (int) row->code);
  else
    g_assert_no_error (error);
}

typedef struct
{
  const char *id;
  guint first;
  const char *polls; /* p: pending, s: slow down, u: unanswered */
  guint intervals[8];
} Course;

static const Course courses[] = {
  { "pending", 5, "ppp", { 5, 5, 5 } },
  { "DG-01-slow-down", 5, "sss", { 10, 15, 20 } },
  { "DG-01-for-good", 5, "spp", { 10, 10, 10 } },
  { "DG-01-unanswered", 5, "uuuuu", { 10, 20, 40, 60, 60 } },
  { "DG-01-both", 1, "pspuup", { 1, 6, 6, 12, 24, 24 } },
  { "DG-01-seldom", 120, "pusp", { 120, 120, 125, 125 } },
  { "DG-01-beyond-a-minute", 58, "ssu", { 63, 68, 68 } },
};

static void
check_course (gconstpointer data)
{
  const Course *row = data;
  guint interval = row->first;

  for (int i = 0; row->polls[i] != '\0'; i++)
    {
      TaDevicePoll poll = row->polls[i] == 'p'   ? TA_DEVICE_PENDING
                          : row->polls[i] == 's' ? TA_DEVICE_SLOW_DOWN
                                                 : TA_DEVICE_UNANSWERED;

      interval = ta_device_next_interval (interval, poll);
      g_assert_cmpuint (interval, ==, row->intervals[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/device/UN-DV-01-rfc", check_rfc);
  UNIT_ADD_ROWS ("/device/UN-DV-02-address", addresses, check_address);
  UNIT_ADD_ROWS ("/device/UN-DV-03-bad", bad, check_bad);
  g_test_add_func ("/device/UN-DV-04-user-code-length", check_user_code_length);
  UNIT_ADD_ROWS ("/device/UN-DV-05-seconds", seconds, check_seconds);
  UNIT_ADD_ROWS ("/device/UN-DV-06-poll", polls, check_poll);
  UNIT_ADD_ROWS ("/device/UN-DV-07-course", courses, check_course);
  g_test_add_func ("/device/UN-DV-08-seldom", check_seldom);
  return g_test_run ();
}

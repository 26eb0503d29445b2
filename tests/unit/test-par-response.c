/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "oauth/ta-par-response.h"

#include "unit.h"

#define RFC_URI "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c"

typedef struct
{
  const char *id;
  guint status;
  const char *body;
  const char *request_uri;
  gint64 expires_in;
} Good;

static const Good good[] = {
  /* RFC 9126 section 2.2. */
  { "rfc", 201, "{\n\"request_uri\":\n\"" RFC_URI "\",\n\"expires_in\": 60\n}", RFC_URI, 60 },
  { "status-200", 200, "{\"request_uri\":\"" RFC_URI "\",\"expires_in\":60}", RFC_URI, 60 },
  { "https", 201, "{\"request_uri\":\"https://h/r?a=b&c\",\"expires_in\":5}", "https://h/r?a=b&c",
    5 },
  { "no-lifetime", 201, "{\"request_uri\":\"urn:a\"}", "urn:a", 0 },
  { "bad-lifetime", 201, "{\"request_uri\":\"urn:a\",\"expires_in\":-1}", "urn:a", 0 },
};

static void
check_good (gconstpointer data)
{
  const Good *row = data;
  g_autoptr (GError) error = NULL;
  gint64 expires_in = -1;
  g_autofree char *request_uri
      = ta_par_response_parse (row->status, row->body, strlen (row->body), &expires_in, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (request_uri, ==, row->request_uri);
  g_assert_cmpint (expires_in, ==, row->expires_in);
}

typedef struct
{
  const char *id;
  guint status;
  const char *body;
  TaError code;
} Bad;

static const Bad bad[] = {
  /* RFC 9126 section 2.3. */
  { "CF-06-rfc-error", 400,
    "{\"error\":\"invalid_request\",\"error_description\":\"The redirect_uri is not valid for the "
    "given client\"}",
    TA_ERROR_SIGN_IN_FAILED },
  { "CF-06-scope", 400, "{\"error\":\"invalid_scope\"}", TA_ERROR_SIGN_IN_FAILED },
  { "CF-06-grant", 400, "{\"error\":\"invalid_grant\"}", TA_ERROR_SIGN_IN_FAILED },
  { "CF-06-client", 401, "{\"error\":\"invalid_client\"}", TA_ERROR_CLIENT_REJECTED },
  { "CF-06-unavailable", 400, "{\"error\":\"temporarily_unavailable\"}", TA_ERROR_SERVER_ERROR },
  { "CF-06-method", 405, "", TA_ERROR_INVALID_RESPONSE },
  { "CF-06-too-large", 413, "", TA_ERROR_INVALID_RESPONSE },
  { "CF-06-too-many", 429, "", TA_ERROR_RATE_LIMITED },
  { "CF-06-503", 503, "<html>", TA_ERROR_SERVER_ERROR },
  { "CF-06-redirect", 302, "", TA_ERROR_INVALID_RESPONSE },
  { "CF-06-missing", 201, "{\"expires_in\":60}", TA_ERROR_INVALID_RESPONSE },
  { "CF-06-empty", 201, "{\"request_uri\":\"\",\"expires_in\":60}", TA_ERROR_INVALID_RESPONSE },
  { "CF-06-number", 201, "{\"request_uri\":7}", TA_ERROR_INVALID_RESPONSE },
  { "CF-06-no-uri", 201, "{\"request_uri\":\"abc\"}", TA_ERROR_INVALID_RESPONSE },
  { "CF-06-space", 201, "{\"request_uri\":\"urn:a b\"}", TA_ERROR_INVALID_RESPONSE },
  { "CF-06-line-end", 201, "{\"request_uri\":\"urn:a\\r\\n\"}", TA_ERROR_INVALID_RESPONSE },
  { "CF-06-not-ascii", 201, "{\"request_uri\":\"urn:\xc3\xa9\"}", TA_ERROR_INVALID_RESPONSE },
  { "CF-06-html", 201, "<html>", TA_ERROR_INVALID_RESPONSE },
  { "CF-06-no-body", 201, "", TA_ERROR_INVALID_RESPONSE },
  { "CF-06-with-400", 400, "{\"request_uri\":\"urn:a\"}", TA_ERROR_INVALID_RESPONSE },
};

static void
check_bad (gconstpointer data)
{
  const Bad *row = data;
  g_autoptr (GError) error = NULL;
  gint64 expires_in = -1;

  g_assert_null (
      ta_par_response_parse (row->status, row->body, strlen (row->body), &expires_in, &error));
  unit_assert_error (error, TA_ERROR, (int) row->code);
  g_assert_cmpint (expires_in, ==, 0);
}

static void
check_length (void)
{
  g_autofree char *name = unit_repeat ("a", 2048 - strlen ("urn:"));
  g_autofree char *longest = g_strdup_printf ("{\"request_uri\":\"urn:%s\"}", name);
  g_autofree char *longer = g_strdup_printf ("{\"request_uri\":\"urn:%sa\"}", name);
  gint64 expires_in;
  g_autofree char *request_uri
      = ta_par_response_parse (201, longest, strlen (longest), &expires_in, NULL);

  g_assert_nonnull (request_uri);
  g_assert_null (ta_par_response_parse (201, longer, strlen (longer), &expires_in, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/par-response/UN-PU-01-good", good, check_good);
  UNIT_ADD_ROWS ("/par-response/UN-PU-02-bad", bad, check_bad);
  g_test_add_func ("/par-response/UN-PU-03-length", check_length);
  return g_test_run ();
}

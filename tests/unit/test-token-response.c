/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "oauth/ta-token-response.h"

#include "unit.h"

#define NOW 1000000

static TaToken *
make_previous (const char *refresh_token)
{
  const char *const scopes[] = { "old", "scopes", NULL };

  return ta_token_new (TA_TOKEN_BEARER, "old-access", refresh_token, scopes,
                       (TaInstant){ .wall = 1 }, 2);
}

static TaToken *
parse (guint status, const char *body, const TaToken *previous, GError **error)
{
  return ta_token_response_parse (status, body, strlen (body),
                                  (TaInstant){ .wall = NOW, .boot = 7 }, previous, error);
}

typedef struct
{
  const char *id;
  const char *body;
  const char *access_token;
  const char *refresh_token; /* NULL: none */
  gint64 expires_at;
  const char *scopes; /* joined */
} Granted;

static const Granted granted[] = {
  { "full",
    "{\"access_token\":\"a\",\"refresh_token\":\"r\",\"token_type\":\"Bearer\","
    "\"expires_in\":3600,\"scope\":\"read write\"}",
    "a", "r", NOW + 3600, "read write" },
  { "TK-03-least", "{\"access_token\":\"a\"}", "a", NULL, 0, "" },
  { "TK-03-extra", "{\"access_token\":\"a\",\"x\":{\"access_token\":\"b\"},\"y\":[1],\"z\":null}",
    "a", NULL, 0, "" },
  { "TK-03-mark", "\xef\xbb\xbf{\"access_token\":\"a\"}", "a", NULL, 0, "" },
  { "TK-04-empty", "{\"access_token\":\"a\",\"refresh_token\":\"\"}", "a", NULL, 0, "" },
  { "TK-04-null", "{\"access_token\":\"a\",\"refresh_token\":null}", "a", NULL, 0, "" },
  { "TK-04-number", "{\"access_token\":\"a\",\"refresh_token\":7}", "a", NULL, 0, "" },
  { "TK-04-array", "{\"access_token\":\"a\",\"refresh_token\":[\"r\"]}", "a", NULL, 0, "" },
  { "TK-04-line-end", "{\"access_token\":\"a\",\"refresh_token\":\"r\\n\"}", "a", NULL, 0, "" },
  { "TK-05-lower", "{\"access_token\":\"a\",\"token_type\":\"bearer\"}", "a", NULL, 0, "" },
  { "TK-05-null", "{\"access_token\":\"a\",\"token_type\":null}", "a", NULL, 0, "" },
  { "TK-05-upper", "{\"access_token\":\"a\",\"token_type\":\"BEARER\"}", "a", NULL, 0, "" },
  { "expires-text", "{\"access_token\":\"a\",\"expires_in\":\"60\"}", "a", NULL, NOW + 60, "" },
  { "expires-one", "{\"access_token\":\"a\",\"expires_in\":1}", "a", NULL, NOW + 1, "" },
  { "expires-most", "{\"access_token\":\"a\",\"expires_in\":315360000}", "a", NULL, NOW + 315360000,
    "" },
  { "expires-more", "{\"access_token\":\"a\",\"expires_in\":315360001}", "a", NULL, 0, "" },
  { "expires-zero", "{\"access_token\":\"a\",\"expires_in\":0}", "a", NULL, 0, "" },
  { "expires-negative", "{\"access_token\":\"a\",\"expires_in\":-1}", "a", NULL, 0, "" },
  { "expires-null", "{\"access_token\":\"a\",\"expires_in\":null}", "a", NULL, 0, "" },
  { "expires-word", "{\"access_token\":\"a\",\"expires_in\":\"soon\"}", "a", NULL, 0, "" },
  { "expires-1e400", "{\"access_token\":\"a\",\"expires_in\":1e400}", "a", NULL, 0, "" },
  { "expires-23-digits", "{\"access_token\":\"a\",\"expires_in\":12345678901234567890123}", "a",
    NULL, 0, "" },
  { "expires-largest", "{\"access_token\":\"a\",\"expires_in\":9223372036854775807}", "a", NULL, 0,
    "" },
  { "expires-wraps", "{\"access_token\":\"a\",\"expires_in\":18446744073709555216}", "a", NULL, 0,
    "" },
  { "expires-object", "{\"access_token\":\"a\",\"expires_in\":{}}", "a", NULL, 0, "" },
  { "twice-refresh", "{\"access_token\":\"a\",\"refresh_token\":\"q\",\"refresh_token\":\"r\"}",
    "a", "r", 0, "" },
  { "twice-type", "{\"token_type\":\"mac\",\"access_token\":\"a\",\"token_type\":\"Bearer\"}", "a",
    NULL, 0, "" },
  { "twice-expires", "{\"expires_in\":1,\"access_token\":\"a\",\"expires_in\":60}", "a", NULL,
    NOW + 60, "" },
  { "twice-unknown", "{\"x\":{},\"access_token\":\"a\",\"x\":[],\"x\":{\"access_token\":\"b\"}}",
    "a", NULL, 0, "" },
  { "twice-escaped", "{\"\\u0078\":1,\"access_token\":\"a\",\"x\":2}", "a", NULL, 0, "" },
  { "JS-08-half-surrogate", "{\"access_token\":\"a\",\"name\":\"Ann \\ud83d\"}", "a", NULL, 0, "" },
  { "JS-08-half-surrogate-first",
    "{\"name\":\"\\ud83d\",\"access_token\":\"a\",\"refresh_token\":\"r\",\"scope\":\"read\"}", "a",
    "r", 0, "read" },
  { "JS-08-half-surrogate-nested",
    "{\"user\":{\"access_token\":\"\\ude00\",\"names\":[\"\\ud83d\\ud83d\\ude00\\n\"]},"
    "\"access_token\":\"a\",\"refresh_token\":\"r\"}",
    "a", "r", 0, "" },
  { "JS-08-nul", "{\"name\":\"Ann\\u0000\",\"access_token\":\"a\",\"refresh_token\":\"r\"}", "a",
    "r", 0, "" },
  { "JS-08-nul-in-name",
    "{\"access_token\":\"a\",\"access_token\\u0000\":\"b\",\"refresh_token\\u0000\":\"r\"}", "a",
    NULL, 0, "" },
  { "JS-08-twice", "{\"\\u0000\":1,\"\\ud800\":2,\"access_token\":\"a\"}", "a", NULL, 0, "" },
  { "JS-08-refresh-token", "{\"access_token\":\"a\",\"refresh_token\":\"r\\ud800\"}", "a", NULL, 0,
    "" },
  { "JS-08-refresh-token-nul", "{\"access_token\":\"a\",\"refresh_token\":\"r\\u0000\"}", "a", NULL,
    0, "" },
  { "JS-08-refresh-token-first",
    "{\"access_token\":\"a\",\"refresh_token\":\"\\u0000\",\"refresh_token\":\"r\"}", "a", "r", 0,
    "" },
  { "JS-08-scope", "{\"access_token\":\"a\",\"scope\":\"read\\u0000\"}", "a", NULL, 0, "" },
  { "JS-08-scope-half-surrogate", "{\"access_token\":\"a\",\"scope\":\"read \\ud83d\"}", "a", NULL,
    0, "" },
  { "JS-08-expires", "{\"access_token\":\"a\",\"expires_in\":\"60\\u0000\"}", "a", NULL, 0, "" },
  { "scope-empty", "{\"access_token\":\"a\",\"scope\":\"\"}", "a", NULL, 0, "" },
  { "scope-array", "{\"access_token\":\"a\",\"scope\":[\"read\"]}", "a", NULL, 0, "" },
  { "scope-spaces", "{\"access_token\":\"a\",\"scope\":\" read  write \"}", "a", NULL, 0,
    "read write" },
  { "scope-not-ascii", "{\"access_token\":\"a\",\"scope\":\"r\xc3\xa9\"}", "a", NULL, 0, "" },
  { "scope-bounds", "{\"access_token\":\"a\",\"scope\":\"!#[ ]~\"}", "a", NULL, 0, "!#[ ]~" },
  { "scope-tab", "{\"access_token\":\"a\",\"scope\":\"read\\twrite\"}", "a", NULL, 0,
    "read write" },
  { "scope-escape", "{\"access_token\":\"a\",\"scope\":\"read a\\u001b[2J\\nb\"}", "a", NULL, 0,
    "" },
  { "scope-line", "{\"access_token\":\"a\",\"scope\":\"read\\n\"}", "a", NULL, 0, "" },
  { "scope-quote", "{\"access_token\":\"a\",\"scope\":\"read \\\"write\\\"\"}", "a", NULL, 0, "" },
  { "scope-backslash", "{\"access_token\":\"a\",\"scope\":\"a\\\\b\"}", "a", NULL, 0, "" },
  { "scope-delete", "{\"access_token\":\"a\",\"scope\":\"a\x7f\"}", "a", NULL, 0, "" },
};

static void
check_granted (gconstpointer data)
{
  const Granted *row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaToken) token = parse (200, row->body, NULL, &error);
  g_autofree char *scopes = NULL;

  g_assert_no_error (error);
  scopes = g_strjoinv (" ", token->scopes);
  g_assert_cmpstr (ta_secret_peek (token->access_token), ==, row->access_token);
  g_assert_cmpstr (token->refresh_token == NULL ? NULL : ta_secret_peek (token->refresh_token), ==,
                   row->refresh_token);
  g_assert_cmpint (token->issued.wall, ==, NOW);
  g_assert_cmpint (token->issued.boot, ==, 7);
  g_assert_cmpint (token->expires_at, ==, row->expires_at);
  g_assert_cmpstr (scopes, ==, row->scopes);
  g_assert_cmpstr (token->type, ==, "Bearer");
}

/* The type is as it was granted, spelled as the RFCs do; whether it fits is for ta_token_bind(). */
static void
check_bound (void)
{
  const char *const bodies[] = {
    "{\"access_token\":\"a\",\"token_type\":\"DPoP\"}",
    "{\"access_token\":\"a\",\"token_type\":\"dpop\"}",
    "{\"access_token\":\"a\",\"token_type\":\"DPOP\"}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      g_autoptr (TaToken) token = parse (200, bodies[i], NULL, NULL);

      g_assert_cmpstr (token->type, ==, "DPoP");
      g_assert_null (token->dpop_key);
    }
}

typedef struct
{
  const char *id;
  guint status;
  const char *body;
} Invalid;

static const Invalid invalid[] = {
  { "TK-05-mac", 200, "{\"access_token\":\"CANARY\",\"token_type\":\"mac\"}" },
  { "TK-05-dpop-longer", 200, "{\"access_token\":\"CANARY\",\"token_type\":\"DPoP2\"}" },
  { "TK-05-number", 200, "{\"access_token\":\"CANARY\",\"token_type\":7}" },
  { "TK-05-empty", 200, "{\"access_token\":\"CANARY\",\"token_type\":\"\"}" },
  { "TK-05-longer", 200, "{\"access_token\":\"CANARY\",\"token_type\":\"Bearer x\"}" },
  { "TK-08-html", 200, "<!DOCTYPE html><title>Sign in to the hotel</title>" },
  { "TK-08-empty", 200, "" },
  { "TK-08-204", 204, "" },
  { "TK-08-null", 200, "null" },
  { "TK-08-array", 200, "[]" },
  { "TK-08-object-empty", 200, "{}" },
  { "TK-08-two", 200, "{\"access_token\":\"CANARY\"}{\"access_token\":\"CANARY\"}" },
  { "TK-08-garbage", 200, "{\"access_token\":\"CANARY\"} x" },
  { "TK-08-cut", 200, "{\"access_token\":\"CANARY\"" },
  { "TK-08-gzip", 200, "\x1f\x8b\x08" },
  { "TK-08-form", 200, "access_token=CANARY&token_type=bearer" },
  { "JS-03-twice", 200, "{\"access_token\":\"CANARY\",\"access_token\":\"b\"}" },
  { "JS-03-twice-the-same", 200, "{\"access_token\":\"CANARY\",\"access_token\":\"CANARY\"}" },
  { "JS-03-twice-both-escaped", 200,
    "{\"access_toke\\u006e\":\"CANARY\",\"\\u0061ccess_token\":\"b\"}" },
  { "JS-03-twice-escaped", 200, "{\"access_token\":\"CANARY\",\"access_toke\\u006e\":\"b\"}" },
  { "JS-04-single-quotes", 200, "{'access_token':'CANARY'}" },
  { "JS-04-variable", 200, "var x = {\"access_token\":\"CANARY\"};" },
  { "JS-04-comment", 200, "/* */{\"access_token\":\"CANARY\"}" },
  { "JS-04-comma", 200, "{\"access_token\":\"CANARY\",}" },
  { "JS-05-header", 200, "{\"access_token\":\"CANARY\\r\\nX: y\"}" },
  { "JS-05-nul", 200, "{\"access_token\":\"CANARY\\u0000\"}" },
  { "JS-05-space", 200, "{\"access_token\":\"CAN ARY\"}" },
  { "JS-05-delete", 200, "{\"access_token\":\"CANARY\x7f\"}" },
  { "JS-05-not-ascii", 200, "{\"access_token\":\"CANARY\xc3\xa9\"}" },
  { "JS-05-half-surrogate", 200, "{\"access_token\":\"CANARY\\ud800\"}" },
  { "JS-08-access-token-low", 200, "{\"access_token\":\"CANARY\\udc00x\"}" },
  { "JS-08-access-token-escaped", 200, "{\"access_toke\\u006e\":\"CANARY\\u0000\"}" },
  { "JS-08-access-token-array", 200, "{\"access_token\":[\"CANARY\\u0000\"]}" },
  { "JS-08-access-token-twice", 200,
    "{\"x\":\"\\u0000\",\"access_token\":\"CANARY\",\"access_token\":\"b\"}" },
  { "JS-08-type", 200, "{\"access_token\":\"CANARY\",\"token_type\":\"Bearer\\u0000\"}" },
  { "JS-08-error", 400, "{\"error\":\"invalid_grant\\u0000\"}" },
  { "JS-08-error-half-surrogate", 400, "{\"error\":\"invalid_grant\\ud83d\"}" },
  { "JS-08-error-beside", 400, "{\"error\":\"invalid_grant\",\"x\":\"\\ud83d\"}" },
  { "JS-08-escape-unknown", 200, "{\"access_token\":\"CANARY\",\"x\":\"\\x41\"}" },
  { "JS-08-escape-short", 200, "{\"access_token\":\"CANARY\",\"x\":\"\\ud83\"}" },
  { "JS-08-not-utf-8", 200, "{\"access_token\":\"CANARY\",\"x\":\"\xed\xa0\x80\"}" },
  { "JS-05-empty", 200, "{\"access_token\":\"\"}" },
  { "JS-05-number", 200, "{\"access_token\":7}" },
  { "JS-05-array", 200, "{\"access_token\":[\"CANARY\"]}" },
  { "error-with-200", 200, "{\"error\":\"invalid_grant\"}" },
  { "TK-11-redirect", 302, "" },
  { "TK-11-redirect-token", 307, "{\"access_token\":\"CANARY\"}" },
  { "informational", 101, "" },
  { "RF-07-html", 400, "<html>Bad Request</html>" },
  { "RF-07-404", 404, "" },
  { "RF-07-token-with-400", 400, "{\"access_token\":\"CANARY\"}" },
  { "JS-06-error-object", 400, "{\"error\":{\"message\":\"invalid_grant\"}}" },
  { "JS-06-error-twice", 400, "{\"error\":\"invalid_grant\",\"error\":\"invalid_grant\"}" },
};

static void
check_invalid (gconstpointer data)
{
  const Invalid *row = data;
  g_autoptr (TaToken) previous = make_previous ("old-refresh");
  g_autoptr (GError) first = NULL;
  g_autoptr (GError) later = NULL;

  g_assert_null (parse (row->status, row->body, NULL, &first));
  g_assert_null (parse (row->status, row->body, previous, &later));
  unit_assert_error (first, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
  unit_assert_error (later, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
  g_assert_null (strstr (first->message, "CANARY"));
}

static void
check_length (void)
{
  g_autofree char *longest = unit_repeat ("a", 16384);
  g_autofree char *good = g_strdup_printf ("{\"access_token\":\"%s\"}", longest);
  g_autofree char *bad = g_strdup_printf ("{\"access_token\":\"%sa\"}", longest);
  g_autofree char *space = unit_repeat (" ", TA_TOKEN_RESPONSE_MAX);
  g_autofree char *large = g_strdup_printf ("{\"access_token\":\"a\"}%s", space);
  g_autoptr (TaToken) token = parse (200, good, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (token);
  g_assert_null (parse (200, bad, NULL, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
  g_clear_error (&error);
  g_assert_null (parse (200, large, NULL, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
}

typedef struct
{
  const char *id;
  guint status;
  const char *body;
  TaError first; /* as the answer to a code */
  TaError later; /* as the answer to a refresh */
} Refused;

static const Refused refused[] = {
  { "RF-05-invalid-grant", 400, "{\"error\":\"invalid_grant\"}", TA_ERROR_SIGN_IN_FAILED,
    TA_ERROR_SIGN_IN_REQUIRED },
  { "RF-05-invalid-grant-401", 401, "{\"error\":\"invalid_grant\"}", TA_ERROR_SIGN_IN_FAILED,
    TA_ERROR_SIGN_IN_REQUIRED },
  { "RF-06-invalid-client", 401, "{\"error\":\"invalid_client\"}", TA_ERROR_CLIENT_REJECTED,
    TA_ERROR_CLIENT_REJECTED },
  { "RF-06-unauthorized-client", 400, "{\"error\":\"unauthorized_client\"}",
    TA_ERROR_CLIENT_REJECTED, TA_ERROR_CLIENT_REJECTED },
  { "TK-07-invalid-request", 400, "{\"error\":\"invalid_request\"}", TA_ERROR_SIGN_IN_FAILED,
    TA_ERROR_FAILED },
  { "invalid-scope", 400, "{\"error\":\"invalid_scope\"}", TA_ERROR_SIGN_IN_FAILED,
    TA_ERROR_FAILED },
  { "invalid-target", 400, "{\"error\":\"invalid_target\"}", TA_ERROR_SIGN_IN_FAILED,
    TA_ERROR_FAILED },
  { "invalid-dpop-proof", 400, "{\"error\":\"invalid_dpop_proof\"}", TA_ERROR_SIGN_IN_FAILED,
    TA_ERROR_FAILED },
  { "use-dpop-nonce", 400, "{\"error\":\"use_dpop_nonce\"}", TA_ERROR_SIGN_IN_FAILED,
    TA_ERROR_FAILED },
  { "unknown", 400, "{\"error\":\"whatever\"}", TA_ERROR_SIGN_IN_FAILED, TA_ERROR_FAILED },
  { "grant-case", 400, "{\"error\":\"INVALID_GRANT\"}", TA_ERROR_SIGN_IN_FAILED, TA_ERROR_FAILED },
  { "unavailable", 400, "{\"error\":\"temporarily_unavailable\"}", TA_ERROR_SERVER_ERROR,
    TA_ERROR_SERVER_ERROR },
  { "slow-down", 400, "{\"error\":\"slow_down\"}", TA_ERROR_SERVER_ERROR, TA_ERROR_SERVER_ERROR },
  { "TK-02-format", 415, "", TA_ERROR_SIGN_IN_FAILED, TA_ERROR_FAILED },
  { "TK-02-format-html", 415, "<html>", TA_ERROR_SIGN_IN_FAILED, TA_ERROR_FAILED },
  { "RF-07-500", 500, "", TA_ERROR_SERVER_ERROR, TA_ERROR_SERVER_ERROR },
  { "RF-07-500-grant", 500, "{\"error\":\"invalid_grant\"}", TA_ERROR_SERVER_ERROR,
    TA_ERROR_SERVER_ERROR },
  { "RF-07-503", 503, "<html>", TA_ERROR_SERVER_ERROR, TA_ERROR_SERVER_ERROR },
  { "RF-07-599", 599, "", TA_ERROR_SERVER_ERROR, TA_ERROR_SERVER_ERROR },
  { "RF-07-408", 408, "", TA_ERROR_SERVER_ERROR, TA_ERROR_SERVER_ERROR },
  { "RF-07-429", 429, "", TA_ERROR_RATE_LIMITED, TA_ERROR_RATE_LIMITED },
  { "RF-07-429-grant", 429, "{\"error\":\"invalid_grant\"}", TA_ERROR_RATE_LIMITED,
    TA_ERROR_RATE_LIMITED },
  { "RF-07-429-tidio", 429, "{\"errors\":[{\"code\":\"too_many_requests\",\"message\":\"x\"}]}",
    TA_ERROR_RATE_LIMITED, TA_ERROR_RATE_LIMITED },
  { "JS-06-markup", 400,
    "{\"error\":\"\\u001b[31m\\n%n%s\xc3\xa9\",\"error_description\":\"CANARY\"}",
    TA_ERROR_SIGN_IN_FAILED, TA_ERROR_FAILED },
};

static void
check_refused (gconstpointer data)
{
  const Refused *row = data;
  g_autoptr (TaToken) previous = make_previous ("old-refresh");
  g_autoptr (GError) first = NULL;
  g_autoptr (GError) later = NULL;

  g_assert_null (parse (row->status, row->body, NULL, &first));
  g_assert_null (parse (row->status, row->body, previous, &later));
  unit_assert_error (first, TA_ERROR, (int) row->first);
  unit_assert_error (later, TA_ERROR, (int) row->later);
  g_assert_null (strstr (first->message, "CANARY"));
}

static void
check_long_error (void)
{
  g_autofree char *text = unit_repeat ("e", 10240);
  g_autofree char *body = g_strdup_printf ("{\"error\":\"%s\"}", text);
  g_autoptr (GError) error = NULL;

  g_assert_null (parse (400, body, NULL, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_SIGN_IN_FAILED);
}

typedef struct
{
  const char *id;
  const char *body;
  const char *refresh_token;
  const char *scopes;
} Refreshed;

static const Refreshed refreshed[] = {
  { "RF-01-rotated", "{\"access_token\":\"a\",\"refresh_token\":\"new\"}", "new", "old scopes" },
  { "RF-02-not-rotated", "{\"access_token\":\"a\"}", "old", "old scopes" },
  { "RF-02-empty", "{\"access_token\":\"a\",\"refresh_token\":\"\"}", "old", "old scopes" },
  { "RF-02-null", "{\"access_token\":\"a\",\"refresh_token\":null}", "old", "old scopes" },
  { "RF-02-damaged", "{\"access_token\":\"a\",\"refresh_token\":\"a b\"}", "old", "old scopes" },
  { "RF-02-half-surrogate", "{\"access_token\":\"a\",\"refresh_token\":\"r\\ud800\"}", "old",
    "old scopes" },
  { "RF-13-control", "{\"access_token\":\"a\",\"scope\":\"old\\u0007\"}", "old", "old scopes" },
  { "RF-13-narrowed", "{\"access_token\":\"a\",\"scope\":\"old\"}", "old", "old" },
};

static void
check_refreshed (gconstpointer data)
{
  const Refreshed *row = data;
  g_autoptr (TaToken) previous = make_previous ("old");
  g_autoptr (TaToken) token = parse (200, row->body, previous, NULL);
  g_autofree char *scopes = g_strjoinv (" ", token->scopes);

  g_assert_cmpstr (ta_secret_peek (token->refresh_token), ==, row->refresh_token);
  g_assert_cmpstr (scopes, ==, row->scopes);
  g_assert_cmpstr (ta_secret_peek (previous->access_token), ==, "old-access");
}

static void
check_previous_without_refresh (void)
{
  g_autoptr (TaToken) previous = make_previous (NULL);
  g_autoptr (TaToken) token = parse (200, "{\"access_token\":\"a\"}", previous, NULL);

  g_assert_nonnull (token);
  g_assert_null (token->refresh_token);
}

typedef struct
{
  const char *id;
  const char *body;
  const char *id_token; /* NULL: none */
} IdToken;

static const IdToken id_tokens[] = {
  { "good", "{\"access_token\":\"a\",\"id_token\":\"a.b.c\"}", "a.b.c" },
  { "absent", "{\"access_token\":\"a\"}", NULL },
  { "null", "{\"access_token\":\"a\",\"id_token\":null}", NULL },
  { "number", "{\"access_token\":\"a\",\"id_token\":7}", NULL },
  { "JS-08-beside", "{\"name\":\"\\ud83d\",\"id_token\":\"a.b.c\"}", "a.b.c" },
  { "JS-08-half-surrogate", "{\"id_token\":\"a.b.c\\ud83d\"}", NULL },
  { "JS-08-nul", "{\"id_token\":\"a.b.c\\u0000\"}", NULL },
  { "html", "<html>", NULL },
  { "empty", "", NULL },
};

static void
check_id_token (gconstpointer data)
{
  const IdToken *row = data;
  g_autoptr (TaSecret) id_token = ta_token_response_find_id_token (row->body, strlen (row->body));

  g_assert_cmpstr (id_token == NULL ? NULL : ta_secret_peek (id_token), ==, row->id_token);
}

/* RFC 6749 section 5.1, which is the answer to 4.1.3 too. */
static void
check_rfc (void)
{
  const char *body = "{\n"
                     "\"access_token\":\"2YotnFZFEjr1zCsicMWpAA\",\n"
                     "\"token_type\":\"example\",\n"
                     "\"expires_in\":3600,\n"
                     "\"refresh_token\":\"tGzv3JOkF0XG5Qx2TlKWIA\",\n"
                     "\"example_parameter\":\"example_value\"\n"
                     "}";
  g_autofree char *bearer = g_strdup (body);
  g_autoptr (TaToken) token = NULL;
  g_autoptr (GError) error = NULL;

  /* A type that is not understood must not be used (section 7.1). */
  g_assert_null (parse (200, body, NULL, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
  memcpy (strstr (bearer, "example\""), "bearer\" ", strlen ("bearer\" "));
  token = parse (200, bearer, NULL, NULL);
  g_assert_cmpstr (ta_secret_peek (token->access_token), ==, "2YotnFZFEjr1zCsicMWpAA");
  g_assert_cmpstr (ta_secret_peek (token->refresh_token), ==, "tGzv3JOkF0XG5Qx2TlKWIA");
  g_assert_cmpint (token->expires_at, ==, NOW + 3600);
}

/* RFC 9449 section 5. */
static void
check_rfc_bound (void)
{
  const char *body = "{\n"
                     " \"access_token\": \"Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU\",\n"
                     " \"token_type\": \"DPoP\",\n"
                     " \"expires_in\": 2677,\n"
                     " \"refresh_token\": \"Q..Zkm29lexi8VnWg2zPW1x-tgGad0Ibc3s3EwM_Ni4-g\"\n"
                     "}";
  g_autoptr (GError) error = NULL;
  g_autoptr (TaToken) token = parse (200, body, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ta_token_is_bound (token));
  g_assert_cmpstr (ta_secret_peek (token->access_token), ==,
                   "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU");
  g_assert_cmpstr (ta_secret_peek (token->refresh_token), ==,
                   "Q..Zkm29lexi8VnWg2zPW1x-tgGad0Ibc3s3EwM_Ni4-g");
  g_assert_cmpint (token->expires_at, ==, NOW + 2677);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/token-response/UN-TR-01-granted", granted, check_granted);
  UNIT_ADD_ROWS ("/token-response/UN-TR-02-invalid", invalid, check_invalid);
  g_test_add_func ("/token-response/UN-TR-03-length", check_length);
  UNIT_ADD_ROWS ("/token-response/UN-TR-04-refused", refused, check_refused);
  g_test_add_func ("/token-response/UN-TR-05-long-error", check_long_error);
  UNIT_ADD_ROWS ("/token-response/UN-TR-06-refreshed", refreshed, check_refreshed);
  g_test_add_func ("/token-response/UN-TR-07-previous-without-refresh",
                   check_previous_without_refresh);
  UNIT_ADD_ROWS ("/token-response/UN-TR-08-id-token", id_tokens, check_id_token);
  g_test_add_func ("/token-response/UN-TR-09-rfc", check_rfc);
  g_test_add_func ("/token-response/UN-TR-10-rfc-bound", check_rfc_bound);
  g_test_add_func ("/token-response/UN-TR-10-bound", check_bound);
  return g_test_run ();
}

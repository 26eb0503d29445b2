/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "oauth/ta-metadata.h"

#include "unit.h"

#define ISSUER "https://server.example.com"

typedef struct
{
  const char *id;
  const char *issuer;
  const char *oauth;
  const char *openid;
} Place;

/* RFC 8414 section 3.1 and 5, OpenID Connect Discovery 1.0 section 4.1. */
static const Place places[] = {
  { "rfc-no-path", "https://example.com",
    "https://example.com/.well-known/oauth-authorization-server",
    "https://example.com/.well-known/openid-configuration" },
  { "rfc-path", "https://example.com/issuer1",
    "https://example.com/.well-known/oauth-authorization-server/issuer1",
    "https://example.com/issuer1/.well-known/openid-configuration" },
  { "slash", "https://example.com/", "https://example.com/.well-known/oauth-authorization-server",
    "https://example.com/.well-known/openid-configuration" },
  { "path-and-slash", "https://example.com/a/b/",
    "https://example.com/.well-known/oauth-authorization-server/a/b",
    "https://example.com/a/b/.well-known/openid-configuration" },
  { "port", "http://127.0.0.1:9000/realms/x",
    "http://127.0.0.1:9000/.well-known/oauth-authorization-server/realms/x",
    "http://127.0.0.1:9000/realms/x/.well-known/openid-configuration" },
  { "ipv6", "http://[::1]:9000", "http://[::1]:9000/.well-known/oauth-authorization-server",
    "http://[::1]:9000/.well-known/openid-configuration" },
};

static void
check_place (gconstpointer data)
{
  const Place *row = data;
  g_auto (GStrv) uris = ta_metadata_uris (row->issuer);

  g_assert_true (ta_metadata_is_issuer (row->issuer));
  g_assert_cmpuint (g_strv_length (uris), ==, 2);
  g_assert_cmpstr (uris[0], ==, row->oauth);
  g_assert_cmpstr (uris[1], ==, row->openid);
}

typedef struct
{
  const char *id;
  const char *issuer;
} NoIssuer;

static const NoIssuer no_issuers[] = {
  { "empty", "" },
  { "name", "example.com" },
  { "http", "http://example.com" },
  { "query", "https://example.com?a=b" },
  { "query-empty", "https://example.com/?" },
  { "fragment", "https://example.com#a" },
  { "fragment-empty", "https://example.com/#" },
  { "user", "https://u@example.com" },
  { "file", "file:///etc" },
  { "space", "https://example.com/a b" },
  { "line-end", "https://example.com\n" },
};

static void
check_no_issuer (gconstpointer data)
{
  const NoIssuer *row = data;

  g_assert_false (ta_metadata_is_issuer (row->issuer));
}

/* RFC 8414 section 3.2. */
static void
check_rfc (void)
{
  const char *text
      = "{"
        "\"issuer\":\"https://server.example.com\","
        "\"authorization_endpoint\":\"https://server.example.com/authorize\","
        "\"token_endpoint\":\"https://server.example.com/token\","
        "\"token_endpoint_auth_methods_supported\":[\"client_secret_basic\",\"private_key_jwt\"],"
        "\"token_endpoint_auth_signing_alg_values_supported\":[\"RS256\",\"ES256\"],"
        "\"userinfo_endpoint\":\"https://server.example.com/userinfo\","
        "\"jwks_uri\":\"https://server.example.com/jwks.json\","
        "\"registration_endpoint\":\"https://server.example.com/register\","
        "\"scopes_supported\":[\"openid\",\"profile\",\"email\",\"address\",\"phone\","
        "\"offline_access\"],"
        "\"response_types_supported\":[\"code\",\"code token\"],"
        "\"service_documentation\":\"http://server.example.com/service_documentation.html\","
        "\"ui_locales_supported\":[\"en-US\",\"en-GB\",\"en-CA\",\"fr-FR\",\"fr-CA\"]"
        "}";
  g_autoptr (GError) error = NULL;
  g_autoptr (TaMetadata) metadata = ta_metadata_parse (text, strlen (text), ISSUER, &error);
  g_autoptr (TaMetadata) same = NULL;

  g_assert_no_error (error);
  same = ta_metadata_ref (metadata);
  g_assert_cmpstr (same->issuer, ==, "https://server.example.com");
  g_assert_cmpstr (same->authorization_endpoint, ==, "https://server.example.com/authorize");
  g_assert_cmpstr (same->token_endpoint, ==, "https://server.example.com/token");
  g_assert_null (same->revocation_endpoint);
  g_assert_null (same->device_authorization_endpoint);
  g_assert_null (same->pushed_authorization_request_endpoint);
  g_assert_false (same->requires_par);
  g_assert_false (same->advertises_iss);
  g_assert_false (same->offers_dpop);
}

static void
check_everything (void)
{
  const char *text = "{"
                     "\"issuer\":\"https://server.example.com\","
                     "\"authorization_endpoint\":\"https://server.example.com/a?tenant=b\","
                     "\"token_endpoint\":\"https://elsewhere.example/t\","
                     "\"revocation_endpoint\":\"https://server.example.com/r\","
                     "\"device_authorization_endpoint\":\"https://server.example.com/d\","
                     "\"pushed_authorization_request_endpoint\":\"https://server.example.com/p\","
                     "\"require_pushed_authorization_requests\":true,"
                     "\"authorization_response_iss_parameter_supported\":true,"
                     "\"dpop_signing_alg_values_supported\":[\"RS256\",\"ES256\",\"ES512\"]"
                     "}";
  g_autoptr (GError) error = NULL;
  g_autoptr (TaMetadata) metadata = ta_metadata_parse (text, strlen (text), ISSUER, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (metadata->authorization_endpoint, ==, "https://server.example.com/a?tenant=b");
  g_assert_cmpstr (metadata->token_endpoint, ==, "https://elsewhere.example/t");
  g_assert_cmpstr (metadata->revocation_endpoint, ==, "https://server.example.com/r");
  g_assert_cmpstr (metadata->device_authorization_endpoint, ==, "https://server.example.com/d");
  g_assert_cmpstr (metadata->pushed_authorization_request_endpoint, ==,
                   "https://server.example.com/p");
  g_assert_true (metadata->requires_par);
  g_assert_true (metadata->advertises_iss);
  g_assert_true (metadata->offers_dpop);
}

typedef struct
{
  const char *id;
  const char *members; /* behind a good issuer */
  gboolean good;
} Member;

static const Member rows[] = {
  { "nothing", "", TRUE },
  { "unknown", ",\"x\":{\"token_endpoint\":7},\"userinfo_endpoint\":7", TRUE },
  { "null", ",\"revocation_endpoint\":null,\"require_pushed_authorization_requests\":null", TRUE },
  { "false", ",\"authorization_response_iss_parameter_supported\":false", TRUE },
  { "no-es256", ",\"dpop_signing_alg_values_supported\":[\"RS256\",\"es256\"]", TRUE },
  { "algorithms-empty", ",\"dpop_signing_alg_values_supported\":[]", TRUE },
  { "loopback", ",\"token_endpoint\":\"http://127.0.0.1:1/t\"", TRUE },
  { "CF-01-http", ",\"token_endpoint\":\"http://server.example.com/t\"", FALSE },
  { "CF-02-file", ",\"authorization_endpoint\":\"file:///etc/passwd\"", FALSE },
  { "CF-02-option", ",\"authorization_endpoint\":\"-e\"", FALSE },
  { "CF-02-script", ",\"authorization_endpoint\":\"javascript:alert(1)\"", FALSE },
  { "CF-02-user", ",\"token_endpoint\":\"https://server.example.com@evil/t\"", FALSE },
  { "CF-02-line-end", ",\"token_endpoint\":\"https://server.example.com/\\r\\nX: y\"", FALSE },
  { "CF-02-quote", ",\"token_endpoint\":\"https://server.example.com/\\\"\"", FALSE },
  { "CF-02-backslash", ",\"token_endpoint\":\"https://server.example.com\\\\@evil\"", FALSE },
  { "CF-02-nul", ",\"token_endpoint\":\"https://server.example.com/\\u0000\"", FALSE },
  { "endpoint-fragment", ",\"token_endpoint\":\"https://server.example.com/t#a\"", FALSE },
  { "endpoint-empty", ",\"revocation_endpoint\":\"\"", FALSE },
  { "endpoint-number", ",\"token_endpoint\":7", FALSE },
  { "endpoint-array", ",\"token_endpoint\":[\"https://server.example.com/t\"]", FALSE },
  { "endpoint-object", ",\"device_authorization_endpoint\":{}", FALSE },
  { "push-endpoint", ",\"pushed_authorization_request_endpoint\":\"urn:a\"", FALSE },
  { "flag-text", ",\"require_pushed_authorization_requests\":\"true\"", FALSE },
  { "flag-number", ",\"authorization_response_iss_parameter_supported\":1", FALSE },
  { "flag-array", ",\"authorization_response_iss_parameter_supported\":[true]", FALSE },
  { "algorithms-text", ",\"dpop_signing_alg_values_supported\":\"ES256\"", FALSE },
  { "algorithms-number", ",\"dpop_signing_alg_values_supported\":[\"ES256\",7]", FALSE },
  { "twice", ",\"issuer\":\"https://server.example.com\"", FALSE },
  { "two-documents", "}{\"a\":1", FALSE },
};

static void
check_member (gconstpointer data)
{
  const Member *row = data;
  g_autofree char *text = g_strdup_printf ("{\"issuer\":\"%s\"%s}", ISSUER, row->members);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaMetadata) metadata = ta_metadata_parse (text, strlen (text), ISSUER, &error);

  if (row->good)
    {
      g_assert_no_error (error);
      g_assert_false (metadata->requires_par || metadata->advertises_iss || metadata->offers_dpop);
      return;
    }
  g_assert_null (metadata);
  unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
}

typedef struct
{
  const char *id;
  const char *issuer; /* as JSON */
} Other;

/* CF-01: none of these is https://server.example.com (RFC 8414 section 3.3). */
static const Other others[] = {
  { "other-host", "\"https://server.example.org\"" },
  { "slash", "\"https://server.example.com/\"" },
  { "case", "\"https://Server.example.com\"" },
  { "port", "\"https://server.example.com:443\"" },
  { "space", "\"https://server.example.com \"" },
  { "longer", "\"https://server.example.com.evil\"" },
  { "shorter", "\"https://server.example.co\"" },
  { "path", "\"https://server.example.com/issuer1\"" },
  { "empty", "\"\"" },
  { "null", "null" },
  { "number", "7" },
  { "array", "[\"https://server.example.com\"]" },
};

static void
check_other (gconstpointer data)
{
  const Other *row = data;
  g_autofree char *text = g_strdup_printf (
      "{\"issuer\":%s,\"token_endpoint\":\"https://server.example.com/t\"}", row->issuer);
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_metadata_parse (text, strlen (text), ISSUER, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
}

static void
check_no_document (void)
{
  const char *const texts[]
      = { "", "{}", "null", "[]", "<html>", "{\"issuer\":\"https://server.example.com\"" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (ta_metadata_parse (texts[i], strlen (texts[i]), ISSUER, &error));
      unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
    }
}

/* CF-01: one MiB is read, a byte more is not. */
static void
check_length (void)
{
  const char *start = "{\"issuer\":\"" ISSUER "\"}";
  g_autofree char *space = unit_repeat (" ", TA_METADATA_MAX - strlen (start));
  g_autofree char *longest = g_strconcat (start, space, NULL);
  g_autofree char *longer = g_strconcat (longest, " ", NULL);
  g_autoptr (TaMetadata) metadata = ta_metadata_parse (longest, strlen (longest), ISSUER, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (metadata);
  g_assert_null (ta_metadata_parse (longer, strlen (longer), ISSUER, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/metadata/UN-MD-01-place", places, check_place);
  UNIT_ADD_ROWS ("/metadata/UN-MD-02-no-issuer", no_issuers, check_no_issuer);
  g_test_add_func ("/metadata/UN-MD-03-rfc", check_rfc);
  g_test_add_func ("/metadata/UN-MD-04-everything", check_everything);
  UNIT_ADD_ROWS ("/metadata/UN-MD-05-member", rows, check_member);
  UNIT_ADD_ROWS ("/metadata/UN-MD-06-other-issuer", others, check_other);
  g_test_add_func ("/metadata/UN-MD-07-no-document", check_no_document);
  g_test_add_func ("/metadata/UN-MD-08-length", check_length);
  return g_test_run ();
}

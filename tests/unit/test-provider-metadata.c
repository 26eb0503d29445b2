/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "oauth/ta-provider.h"

#include "unit.h"

#define ISSUER "https://h"
#define ENDPOINTS                                                                                  \
  "\"authorization_endpoint\":\"https://h/m/authorize\","                                          \
  "\"token_endpoint\":\"https://h/m/token\""

/* `keys` are further lines for [Provider]. */
static TaProvider *
make_provider (const char *issuer, const char *keys)
{
  g_autofree char *text = g_strdup_printf (
      "[Provider]\nIssuer=%s\n%s[Api]\nBaseUri=https://api.example/\n", issuer, keys);
  g_autoptr (GError) error = NULL;
  TaProvider *provider = ta_provider_parse ("own", text, strlen (text), &error);

  g_assert_no_error (error);
  return provider;
}

static TaMetadata *
make_metadata (const char *issuer, const char *members)
{
  g_autofree char *text = g_strdup_printf ("{\"issuer\":\"%s\",%s}", issuer, members);
  g_autoptr (GError) error = NULL;
  TaMetadata *metadata = ta_metadata_parse (text, strlen (text), issuer, &error);

  g_assert_no_error (error);
  return metadata;
}

static TaProvider *
complete (const char *issuer, const char *keys, const char *members, GError **error)
{
  g_autoptr (TaProvider) provider = make_provider (issuer, keys);
  g_autoptr (TaMetadata) metadata = make_metadata (issuer, members);

  return ta_provider_complete (provider, metadata, error);
}

/* The metadata says it all. */
static void
check_all_from_metadata (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider
      = complete (ISSUER, "Scopes=a b\n",
                  ENDPOINTS ",\"revocation_endpoint\":\"https://h/m/revoke\","
                            "\"device_authorization_endpoint\":\"https://h/m/device\","
                            "\"pushed_authorization_request_endpoint\":\"https://h/m/par\","
                            "\"require_pushed_authorization_requests\":true,"
                            "\"authorization_response_iss_parameter_supported\":true,"
                            "\"dpop_signing_alg_values_supported\":[\"ES256\"]",
                  &error);

  g_assert_no_error (error);
  g_assert_cmpstr (provider->authorization_endpoint, ==, "https://h/m/authorize");
  g_assert_cmpstr (provider->token_endpoint, ==, "https://h/m/token");
  g_assert_cmpstr (provider->revocation_endpoint, ==, "https://h/m/revoke");
  g_assert_cmpstr (provider->device_authorization_endpoint, ==, "https://h/m/device");
  g_assert_cmpstr (provider->pushed_authorization_request_endpoint, ==, "https://h/m/par");
  g_assert_true (provider->requires_par);
  g_assert_true (provider->advertises_iss);
  g_assert_true (provider->offers_dpop);
  g_assert_true (ta_provider_uses_dpop (provider));
  g_assert_cmpstr (provider->id, ==, "own");
  g_assert_cmpstr (provider->name, ==, "own");
  g_assert_cmpstr (provider->issuer, ==, ISSUER);
  g_assert_cmpstr (provider->redirect_uri, ==, "http://127.0.0.1:0/callback/own");
  g_assert_cmpstr (provider->base_uri, ==, "https://api.example/");
  g_assert_cmpstr (provider->scopes[1], ==, "b");
}

/* What the file says stays, wherever it is, and whatever the metadata says instead. */
static void
check_file_wins (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider
      = complete (ISSUER,
                  "AuthorizationEndpoint=https://f/authorize\n"
                  "TokenEndpoint=https://f/token\n"
                  "RevocationEndpoint=https://f/revoke\n"
                  "DeviceAuthorizationEndpoint=https://f/device\n"
                  "PushedAuthorizationRequestEndpoint=https://f/par\n"
                  "Dpop=none\n",
                  "\"authorization_endpoint\":\"https://evil/m/authorize\","
                  "\"token_endpoint\":\"https://evil/m/token\","
                  "\"revocation_endpoint\":\"https://evil/m/revoke\","
                  "\"device_authorization_endpoint\":\"https://evil/m/device\","
                  "\"pushed_authorization_request_endpoint\":\"https://evil/m/par\","
                  "\"require_pushed_authorization_requests\":true,"
                  "\"dpop_signing_alg_values_supported\":[\"ES256\"]",
                  &error);

  g_assert_no_error (error);
  g_assert_cmpstr (provider->authorization_endpoint, ==, "https://f/authorize");
  g_assert_cmpstr (provider->token_endpoint, ==, "https://f/token");
  g_assert_cmpstr (provider->revocation_endpoint, ==, "https://f/revoke");
  g_assert_cmpstr (provider->device_authorization_endpoint, ==, "https://f/device");
  g_assert_cmpstr (provider->pushed_authorization_request_endpoint, ==, "https://f/par");
  g_assert_true (provider->requires_par);
  g_assert_false (ta_provider_uses_dpop (provider));
}

typedef struct
{
  const char *id;
  const char *keys;
  const char *members;
  gboolean pushes;
  const char *endpoint; /* NULL: none */
} Push;

#define PUSH_ENDPOINT "\"pushed_authorization_request_endpoint\":\"https://h/par\""
#define PUSH_REQUIRED "\"require_pushed_authorization_requests\":true"
#define PUSH_KEY "PushedAuthorizationRequestEndpoint=https://f/par\n"

static const Push pushes[] = {
  { "nothing", "", ENDPOINTS, FALSE, NULL },
  { "offered", "", ENDPOINTS "," PUSH_ENDPOINT, FALSE, NULL },
  { "offered-elsewhere", "",
    ENDPOINTS ",\"pushed_authorization_request_endpoint\":\"https://evil/par\"", FALSE, NULL },
  { "required", "", ENDPOINTS "," PUSH_ENDPOINT "," PUSH_REQUIRED, TRUE, "https://h/par" },
  { "in-file", PUSH_KEY, ENDPOINTS, TRUE, "https://f/par" },
  { "in-file-and-offered", PUSH_KEY, ENDPOINTS "," PUSH_ENDPOINT, TRUE, "https://f/par" },
  { "in-file-and-required", PUSH_KEY, ENDPOINTS "," PUSH_REQUIRED, TRUE, "https://f/par" },
};

/* RFC 9126 section 5. */
static void
check_push (gconstpointer data)
{
  const Push *row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = complete (ISSUER, row->keys, row->members, &error);

  g_assert_no_error (error);
  g_assert_cmpint (provider->requires_par, ==, row->pushes);
  g_assert_cmpstr (provider->pushed_authorization_request_endpoint, ==, row->endpoint);
}

typedef struct
{
  const char *id;
  const char *issuer;
  const char *keys;
  const char *token_endpoint;
  gboolean good;
} Host;

static const Host hosts[] = {
  { "same", "https://h", "", "https://h/token", TRUE },
  { "other-port", "https://h", "", "https://h:8443/token", TRUE },
  { "case", "https://h", "", "https://H/token", TRUE },
  { "path", "https://h/tenant", "", "https://h/token", TRUE },
  { "listed", "https://h", "MetadataHosts=x t\n", "https://t/token", TRUE },
  { "loopback", "http://127.0.0.1:1", "", "http://127.0.0.1:1/token", TRUE },
  { "loopback-https", "http://localhost:1", "", "https://localhost:2/token", TRUE },
  { "CF-02-other", "https://h", "", "https://evil/token", FALSE },
  { "CF-02-not-listed", "https://h", "MetadataHosts=x t\n", "https://evil/token", FALSE },
  { "CF-02-longer", "https://h", "", "https://h.evil/token", FALSE },
  { "CF-02-below", "https://h", "", "https://a.h/token", FALSE },
  { "CF-02-below-listed", "https://h", "MetadataHosts=t\n", "https://a.t/token", FALSE },
  { "CF-02-in-path", "https://h", "", "https://evil/h/token", FALSE },
  { "CF-02-loopback", "https://h", "", "http://127.0.0.1/token", FALSE },
  { "CF-02-loopback-listed", "https://h", "MetadataHosts=127.0.0.1\n", "http://127.0.0.1/token",
    FALSE },
  { "CF-02-no-tls", "https://localhost", "", "http://localhost/token", FALSE },
  { "CF-02-loopback-name", "http://127.0.0.1:1", "", "http://localhost:1/token", FALSE },
};

static void
check_host (gconstpointer data)
{
  const Host *row = data;
  g_autofree char *keys
      = g_strconcat ("AuthorizationEndpoint=https://f/authorize\n", row->keys, NULL);
  g_autofree char *member = g_strdup_printf ("\"token_endpoint\":\"%s\"", row->token_endpoint);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = complete (row->issuer, keys, member, &error);

  if (row->good)
    {
      g_assert_no_error (error);
      g_assert_cmpstr (provider->token_endpoint, ==, row->token_endpoint);
      return;
    }
  g_assert_null (provider);
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
  g_assert_nonnull (strstr (error->message, "own.conf"));
  g_assert_nonnull (strstr (error->message, "token_endpoint"));
  g_assert_null (strstr (error->message, "evil"));
}

typedef struct
{
  const char *id;
  const char *members;
  const char *name; /* what the message names */
} Refusal;

/* CF-02: no endpoint is taken from elsewhere; and what a sign-in needs must be there. */
static const Refusal refusals[] = {
  { "authorization",
    "\"token_endpoint\":\"https://h/t\",\"authorization_endpoint\":\"https://evil/a\"",
    "authorization_endpoint" },
  { "revocation", ENDPOINTS ",\"revocation_endpoint\":\"https://evil/r\"", "revocation_endpoint" },
  { "device", ENDPOINTS ",\"device_authorization_endpoint\":\"https://evil/d\"",
    "device_authorization_endpoint" },
  { "push",
    ENDPOINTS "," PUSH_REQUIRED ",\"pushed_authorization_request_endpoint\":\"https://evil/p\"",
    "pushed_authorization_request_endpoint" },
  { "no-authorization-endpoint", "\"token_endpoint\":\"https://h/t\"", "AuthorizationEndpoint" },
  { "no-token-endpoint", "\"authorization_endpoint\":\"https://h/a\"", "TokenEndpoint" },
  { "no-push-endpoint", ENDPOINTS "," PUSH_REQUIRED, "PushedAuthorizationRequestEndpoint" },
};

static void
check_refusal (gconstpointer data)
{
  const Refusal *row = data;
  g_autoptr (GError) error = NULL;

  g_assert_null (complete (ISSUER, "", row->members, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
  g_assert_nonnull (strstr (error->message, "own.conf"));
  g_assert_nonnull (strstr (error->message, row->name));
}

/* CF-04: metadata of the issuer that the file named before. */
static void
check_other_issuer (void)
{
  g_autoptr (TaProvider) provider = make_provider ("https://h", "");
  g_autoptr (TaMetadata) metadata = make_metadata ("https://i", ENDPOINTS);
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_provider_complete (provider, metadata, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
}

/* However long the id, the message is not. */
static void
check_long_id (void)
{
  g_autofree char *id = unit_repeat ("i", 64);
  const char *text = "[Provider]\nIssuer=https://h\n[Api]\nBaseUri=https://h/\n";
  g_autoptr (TaProvider) provider = ta_provider_parse (id, text, strlen (text), NULL);
  g_autoptr (TaMetadata) evil = make_metadata (
      "https://h",
      ENDPOINTS "," PUSH_REQUIRED ",\"pushed_authorization_request_endpoint\":\"https://evil/p\"");
  g_autoptr (TaMetadata) poor = make_metadata ("https://h", ENDPOINTS "," PUSH_REQUIRED);
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_provider_complete (provider, evil, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
  g_clear_error (&error);
  g_assert_null (ta_provider_complete (provider, poor, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
}

typedef struct
{
  const char *id;
  const char *keys;
  gboolean offered;
  gboolean used;
} Dpop;

static const Dpop dpops[] = {
  { "auto", "Dpop=auto\n", FALSE, FALSE },        { "auto-offered", "Dpop=auto\n", TRUE, TRUE },
  { "default-offered", "", TRUE, TRUE },          { "required", "Dpop=required\n", FALSE, TRUE },
  { "none-offered", "Dpop=none\n", TRUE, FALSE },
};

static void
check_dpop (gconstpointer data)
{
  const Dpop *row = data;
  g_autofree char *members = g_strconcat (
      ENDPOINTS, row->offered ? ",\"dpop_signing_alg_values_supported\":[\"ES256\"]" : NULL, NULL);
  g_autoptr (TaProvider) provider = complete (ISSUER, row->keys, members, NULL);

  g_assert_cmpint (ta_provider_uses_dpop (provider), ==, row->used);
}

typedef struct
{
  const char *id;
  const char *keys;   /* of the file, without issuer */
  const char *issuer; /* (nullable) */
  const char *server; /* (nullable): who gave the tokens */
  gboolean is_same;
} Server;

#define FILE_ENDPOINTS "AuthorizationEndpoint=https://h/a\nTokenEndpoint=https://h/t\n"

static const Server servers[] = {
  { "unknown", FILE_ENDPOINTS, NULL, NULL, TRUE },
  { "unknown-issuer", "", ISSUER, NULL, TRUE },
  { "endpoint", FILE_ENDPOINTS, NULL, "https://h", TRUE },
  { "other-host", FILE_ENDPOINTS, NULL, "https://g", FALSE },
  { "other-port", FILE_ENDPOINTS, NULL, "https://h:8443", FALSE },
  { "other-scheme", FILE_ENDPOINTS, NULL, "http://h", FALSE },
  { "longer-host", FILE_ENDPOINTS, NULL, "https://h.example", FALSE },
  { "issuer", "", "https://h/one", "https://h/one", TRUE },
  { "other-issuer", "", "https://h/one", "https://h/two", FALSE },
  { "issuer-of-same-host", FILE_ENDPOINTS, "https://h/one", "https://h", FALSE },
  { "issuer-that-is-origin", FILE_ENDPOINTS, "https://h", "https://h", TRUE },
  { "issuer-gone", FILE_ENDPOINTS, NULL, "https://h/one", FALSE },
};

/* CF-04 */
static void
check_server (gconstpointer data)
{
  const Server *row = data;
  g_autofree char *issuer
      = row->issuer == NULL ? g_strdup ("") : g_strconcat ("Issuer=", row->issuer, "\n", NULL);
  g_autofree char *text = g_strconcat ("[Provider]\n", issuer, row->keys,
                                       "[Api]\nBaseUri=https://api.example/\n", NULL);
  g_autoptr (TaProvider) provider = ta_provider_parse ("own", text, strlen (text), NULL);
  g_autofree char *own = ta_provider_get_server (provider);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (own, ==, row->issuer != NULL ? row->issuer : "https://h");
  g_assert_cmpint (ta_provider_check_server (provider, row->server, &error), ==, row->is_same);
  if (row->is_same)
    g_assert_no_error (error);
  else
    unit_assert_error (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED);
}

/* Nobody gives tokens where the API takes keys. */
static void
check_no_server (void)
{
  const char *text
      = "[Provider]\n[Api]\nBaseUri=https://api.example/\nAuthentication=openapi-key\n";
  g_autoptr (TaProvider) provider = ta_provider_parse ("own", text, strlen (text), NULL);

  g_assert_null (ta_provider_get_server (provider));
  g_assert_false (ta_provider_check_server (provider, "https://h", NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/provider-metadata/UN-PM-01-all-from-metadata", check_all_from_metadata);
  g_test_add_func ("/provider-metadata/UN-PM-02-file-wins", check_file_wins);
  UNIT_ADD_ROWS ("/provider-metadata/UN-PM-03-push", pushes, check_push);
  UNIT_ADD_ROWS ("/provider-metadata/UN-PM-04-host", hosts, check_host);
  UNIT_ADD_ROWS ("/provider-metadata/UN-PM-05-refusal", refusals, check_refusal);
  g_test_add_func ("/provider-metadata/UN-PM-06-other-issuer", check_other_issuer);
  g_test_add_func ("/provider-metadata/UN-PM-07-long-id", check_long_id);
  UNIT_ADD_ROWS ("/provider-metadata/UN-PM-08-dpop", dpops, check_dpop);
  UNIT_ADD_ROWS ("/provider-metadata/UN-PM-09-server", servers, check_server);
  g_test_add_func ("/provider-metadata/UN-PM-10-no-server", check_no_server);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "oauth/ta-provider.h"

#include "unit.h"

#define AUTHORIZATION "AuthorizationEndpoint=https://h/authorize\n"
#define TOKEN "TokenEndpoint=https://h/token\n"
#define REDIRECT "RedirectUri=http://localhost:3000/callback\n"
#define PROVIDER "[Provider]\n" AUTHORIZATION TOKEN REDIRECT
#define API                                                                                        \
  "[Api]\n"                                                                                        \
  "BaseUri=https://h/api\n"

static TaProvider *
parse (const char *text, GError **error)
{
  return ta_provider_parse ("own", text, strlen (text), error);
}

static void
assert_tidio (const TaProvider *provider)
{
  g_assert_cmpstr (provider->name, ==, "Tidio");
  g_assert_cmpstr (provider->authorization_endpoint, ==, "https://www.tidio.com/oauth/authorize");
  g_assert_cmpstr (provider->token_endpoint, ==, "https://www.tidio.com/oauth/token");
  g_assert_null (provider->revocation_endpoint);
  g_assert_cmpstr (provider->redirect_uri, ==, "http://localhost:3000/callback");
  g_assert_cmpint (provider->format, ==, TA_FORMAT_JSON);
  g_assert_cmpint (provider->client_authentication, ==, TA_CLIENT_AUTHENTICATION_BODY);
  g_assert_true (provider->pkce);
  g_assert_cmpint (provider->dpop, ==, TA_DPOP_AUTO);
  g_assert_false (provider->offers_dpop);
  g_assert_cmpuint (g_strv_length (provider->scopes), ==, 0);
  g_assert_cmpuint (g_strv_length (provider->resources), ==, 0);
  g_assert_null (provider->client_id);
  g_assert_cmpstr (provider->base_uri, ==, "https://api.tidio.com/v1/");
  g_assert_cmpstr (provider->accept, ==, "application/json");
  g_assert_cmpint (provider->api_authentication, ==, TA_API_AUTHENTICATION_BEARER);
  g_assert_null (provider->issuer);
  g_assert_null (provider->device_authorization_endpoint);
  g_assert_null (provider->pushed_authorization_request_endpoint);
  g_assert_false (provider->requires_par);
  g_assert_false (provider->advertises_iss);
  g_assert_false (ta_provider_uses_dpop (provider));
  g_assert_cmpuint (g_strv_length (provider->metadata_hosts), ==, 0);
  g_assert_null (provider->user_info_path);
  g_assert_cmpstr (provider->user_info_member, ==, "sub");
}

static TaProvider *
parse_built_in (const char *id)
{
  g_autofree char *path = g_strconcat (UNIT_PROVIDERS "/", id, ".conf", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  TaProvider *provider;
  gsize length;

  g_assert_true (g_file_get_contents (path, &text, &length, &error));
  provider = ta_provider_parse (id, text, length, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (provider->id, ==, id);
  return provider;
}

static void
check_built_in (void)
{
  g_autoptr (TaProvider) provider = parse_built_in ("tidio");

  assert_tidio (provider);
}

/* API keys need none of the keys of a sign-in. */
static void
check_built_in_keys (void)
{
  g_autoptr (TaProvider) provider = parse_built_in ("tidio-openapi");

  g_assert_cmpint (provider->api_authentication, ==, TA_API_AUTHENTICATION_OPENAPI_KEY);
  g_assert_null (provider->issuer);
  g_assert_null (provider->authorization_endpoint);
  g_assert_null (provider->token_endpoint);
  g_assert_null (provider->revocation_endpoint);
  g_assert_cmpstr (provider->base_uri, ==, "https://api.tidio.com/");
  g_assert_cmpstr (provider->accept, ==, "application/json; version=1");
}

/* As the documentation prints it, with a comment behind some values. */
static void
check_commented (void)
{
  const char *text
      = "[Provider]\n"
        "Name=Tidio\n"
        "Issuer=                         # set: metadata discovery (RFC 8414, then OIDC)\n"
        "AuthorizationEndpoint=https://www.tidio.com/oauth/authorize\n"
        "TokenEndpoint=https://www.tidio.com/oauth/token\n"
        "RevocationEndpoint=\n"
        "DeviceAuthorizationEndpoint=\n"
        "PushedAuthorizationRequestEndpoint=\n"
        "RedirectUri=http://localhost:3000/callback   # port 0: an ephemeral port; localhost: "
        "both\n"
        "TokenRequestFormat=json         # json | form (RFC 6749)\n"
        "ClientAuthentication=body       # body | basic | none\n"
        "Pkce=S256                       # S256 | none\n"
        "Scopes=\n"
        "Resource=                       # RFC 8707\n"
        "ClientId=                       # a default; users set their own\n"
        "[Api]\n"
        "BaseUri=https://api.tidio.com/v1/\n"
        "Authentication=bearer           # bearer | openapi-key\n"
        "Accept=application/json\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = parse (text, &error);

  g_assert_no_error (error);
  assert_tidio (provider);
}

static void
check_defaults (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = parse (PROVIDER API, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (provider->id, ==, "own");
  g_assert_cmpstr (provider->name, ==, "own");
  g_assert_cmpint (provider->format, ==, TA_FORMAT_JSON);
  g_assert_cmpint (provider->client_authentication, ==, TA_CLIENT_AUTHENTICATION_BODY);
  g_assert_true (provider->pkce);
  g_assert_cmpstr (provider->base_uri, ==, "https://h/api/");
  g_assert_cmpstr (provider->accept, ==, "application/json");
}

static void
check_everything_set (void)
{
  const char *text = PROVIDER "Name=My server # really\n"
                              "RevocationEndpoint=https://h/revoke\n"
                              "TokenRequestFormat=form\n"
                              "ClientAuthentication=basic\n"
                              "Pkce=none\n"
                              "Scopes=read  write\n"
                              "Resource=https://a/ urn:b\n"
                              "DeviceAuthorizationEndpoint=https://h/device\n"
                              "PushedAuthorizationRequestEndpoint=https://h/par\n"
                              "Issuer=http://localhost:1/a\n"
                              "MetadataHosts=login.h ::1\n"
                              "Dpop=required\n"
                              "ClientId=my#client\n" API "Accept=application/json; version=1\n"
                              "UserInfoPath=/me?fields=id\n"
                              "UserInfoMember=id\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = parse (text, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (provider->name, ==, "My server");
  g_assert_cmpstr (provider->revocation_endpoint, ==, "https://h/revoke");
  g_assert_cmpint (provider->format, ==, TA_FORMAT_FORM);
  g_assert_cmpint (provider->client_authentication, ==, TA_CLIENT_AUTHENTICATION_BASIC);
  g_assert_false (provider->pkce);
  g_assert_cmpint (provider->dpop, ==, TA_DPOP_REQUIRED);
  g_assert_cmpuint (g_strv_length (provider->scopes), ==, 2);
  g_assert_cmpstr (provider->scopes[1], ==, "write");
  g_assert_cmpuint (g_strv_length (provider->resources), ==, 2);
  g_assert_cmpstr (provider->resources[1], ==, "urn:b");
  g_assert_cmpstr (provider->client_id, ==, "my#client");
  g_assert_cmpstr (provider->accept, ==, "application/json; version=1");
  g_assert_cmpstr (provider->device_authorization_endpoint, ==, "https://h/device");
  g_assert_cmpstr (provider->pushed_authorization_request_endpoint, ==, "https://h/par");
  g_assert_true (provider->requires_par);
  g_assert_cmpstr (provider->issuer, ==, "http://localhost:1/a");
  g_assert_cmpuint (g_strv_length (provider->metadata_hosts), ==, 2);
  g_assert_cmpstr (provider->metadata_hosts[1], ==, "::1");
  g_assert_cmpint (provider->dpop, ==, TA_DPOP_REQUIRED);
  g_assert_true (ta_provider_uses_dpop (provider));
  g_assert_cmpstr (provider->user_info_path, ==, "/me?fields=id");
  g_assert_cmpstr (provider->user_info_member, ==, "id");
}

/* CB-30: a redirect URI that is not pinned is the provider's own. */
static void
check_own_redirect_uri (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = parse ("[Provider]\n" AUTHORIZATION TOKEN API, &error);
  g_autoptr (TaProvider) other
      = ta_provider_parse ("A.b_c-d@e", "[Provider]\n" AUTHORIZATION TOKEN API,
                           strlen ("[Provider]\n" AUTHORIZATION TOKEN API), NULL);

  g_assert_no_error (error);
  g_assert_cmpstr (provider->redirect_uri, ==, "http://127.0.0.1:0/callback/own");
  g_assert_cmpstr (other->redirect_uri, ==, "http://127.0.0.1:0/callback/A.b_c-d@e");
}

/* With an issuer its metadata may name the endpoints, with API keys there are none. */
static void
check_without_endpoints (void)
{
  const char *keys = "[Provider]\n[Api]\nBaseUri=https://h/\nAuthentication=openapi-key\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) issuer = parse ("[Provider]\nIssuer=https://h\n" API, &error);
  g_autoptr (TaProvider) key = parse (keys, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (issuer->issuer, ==, "https://h");
  g_assert_null (issuer->authorization_endpoint);
  g_assert_null (issuer->token_endpoint);
  g_assert_nonnull (key);
}

typedef struct
{
  const char *id;
  const char *text;
  const char *key; /* what the message names */
} Bad;

/* Each is whole but for one thing. */
static const Bad bad[] = {
  { "unknown-key", PROVIDER "Frobnicate=1\n" API, "Frobnicate" },
  { "unknown-key-empty", PROVIDER "Frobnicate=\n" API, "Frobnicate" },
  { "unknown-key-in-api", PROVIDER API "Timeout=1\n", "Timeout" },
  { "unknown-case", PROVIDER "pkce=S256\n" API, "pkce" },
  { "unknown-secret", PROVIDER "ClientSecret=CANARY\n" API, "ClientSecret" },
  { "key-twice", PROVIDER "Pkce=S256\nPkce=none\n" API, "Pkce" },
  { "unknown-group", PROVIDER API "[Other]\nKey=1\n", "Key" },
  { "wrong-group", PROVIDER "Accept=text/plain\n" API, "Accept" },
  { "no-authorization-endpoint", "[Provider]\n" TOKEN REDIRECT API, "AuthorizationEndpoint" },
  { "no-token-endpoint", "[Provider]\n" AUTHORIZATION REDIRECT "TokenEndpoint=\n" API,
    "TokenEndpoint" },
  { "no-base-uri", PROVIDER "[Api]\n", "BaseUri" },
  { "no-api", PROVIDER, "BaseUri" },
  { "CA-08-http", PROVIDER "[Api]\nBaseUri=http://api.tidio.com/\n", "BaseUri" },
  { "CA-12-user", PROVIDER "[Api]\nBaseUri=https://u:p@api.tidio.com/\n", "BaseUri" },
  { "base-uri-query", PROVIDER "[Api]\nBaseUri=https://h/?a=b\n", "BaseUri" },
  { "base-uri-fragment", PROVIDER "[Api]\nBaseUri=https://h/#a\n", "BaseUri" },
  { "BR-01-file", "[Provider]\n" TOKEN REDIRECT "AuthorizationEndpoint=file:///a\n" API,
    "AuthorizationEndpoint" },
  { "BR-01-option", "[Provider]\n" TOKEN REDIRECT "AuthorizationEndpoint=-x\n" API,
    "AuthorizationEndpoint" },
  { "BR-01-escaped-line-end",
    "[Provider]\n" TOKEN REDIRECT "AuthorizationEndpoint=https://h/\\na\n" API,
    "AuthorizationEndpoint" },
  { "TL-03-token-endpoint",
    "[Provider]\n" AUTHORIZATION REDIRECT "TokenEndpoint=http://h/token\n" API, "TokenEndpoint" },
  { "revocation-endpoint", PROVIDER "RevocationEndpoint=nonsense\n" API, "RevocationEndpoint" },
  { "redirect-uri-host", "[Provider]\n" AUTHORIZATION TOKEN "RedirectUri=http://h:3000/\n" API,
    "RedirectUri" },
  { "redirect-uri-port", "[Provider]\n" AUTHORIZATION TOKEN "RedirectUri=http://localhost/\n" API,
    "RedirectUri" },
  { "redirect-uri-query",
    "[Provider]\n" AUTHORIZATION TOKEN "RedirectUri=http://localhost:1/?a\n" API, "RedirectUri" },
  { "format", PROVIDER "TokenRequestFormat=xml\n" API, "TokenRequestFormat" },
  { "format-case", PROVIDER "TokenRequestFormat=JSON\n" API, "TokenRequestFormat" },
  { "client-authentication", PROVIDER "ClientAuthentication=post\n" API, "ClientAuthentication" },
  { "pkce-plain", PROVIDER "Pkce=plain\n" API, "Pkce" },
  { "dpop-case", PROVIDER "Dpop=Required\n" API, "Dpop" },
  { "CF-05-fragment", PROVIDER "Resource=https://a/ https://b/#c\n" API, "Resource" },
  { "CF-05-relative", PROVIDER "Resource=api\n" API, "Resource" },
  { "CF-01-issuer-http", PROVIDER "Issuer=http://h\n" API, "Issuer" },
  { "CF-01-issuer-query", PROVIDER "Issuer=https://h?a\n" API, "Issuer" },
  { "CF-01-issuer-fragment", PROVIDER "Issuer=https://h#a\n" API, "Issuer" },
  { "CF-01-issuer-user", PROVIDER "Issuer=https://u@h\n" API, "Issuer" },
  { "metadata-hosts", PROVIDER "MetadataHosts=h https://i\n" API, "MetadataHosts" },
  { "metadata-hosts-port", PROVIDER "MetadataHosts=h:443\n" API, "MetadataHosts" },
  { "device", PROVIDER "DeviceAuthorizationEndpoint=http://h/d\n" API,
    "DeviceAuthorizationEndpoint" },
  { "CF-06-http", PROVIDER "PushedAuthorizationRequestEndpoint=http://h/p\n" API,
    "PushedAuthorizationRequestEndpoint" },
  { "dpop", PROVIDER "Dpop=yes\n" API, "Dpop" },
  { "user-info-path", PROVIDER API "UserInfoPath=../me\n", "UserInfoPath" },
  { "user-info-uri", PROVIDER API "UserInfoPath=https://h/me\n", "UserInfoPath" },
  { "user-info-in-provider", PROVIDER "UserInfoPath=me\n" API, "UserInfoPath" },
  { "openapi-key-base-uri", "[Provider]\n[Api]\nAuthentication=openapi-key\n", "BaseUri" },
  { "openapi-key-endpoint",
    "[Provider]\nTokenEndpoint=http://h/\n" API "Authentication=openapi-key\n", "TokenEndpoint" },
  { "authentication", PROVIDER API "Authentication=basic\n", "Authentication" },
  { "accept-line-end", PROVIDER API "Accept=a\\r\\nX-Evil: 1\n", "Accept" },
  { "accept-not-ascii", PROVIDER API "Accept=\xc3\xa9\n", "Accept" },
  { "not-utf-8", PROVIDER "Name=\xff\n" API, "Name" },
  { "bad-escape", PROVIDER "Name=\\q\n" API, "Name" },
  { "bad-escape-at-end", PROVIDER "Name=a\\\n" API, "Name" },
  { "bad-escapes", PROVIDER "Name=a\\qb\\\n" API, "Name" },
};

static void
check_bad (gconstpointer data)
{
  const Bad *row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = parse (row->text, &error);

  g_assert_null (provider);
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
  g_assert_nonnull (strstr (error->message, "own.conf"));
  g_assert_nonnull (strstr (error->message, row->key));
  g_assert_null (strstr (error->message, "CANARY"));
}

static const Bad not_files[] = {
  { "empty", "", NULL },
  { "json", "{\"Name\":\"Tidio\"}", NULL },
  { "no-group", "Name=Tidio\n" PROVIDER API, NULL },
  { "open-group", "[Provider\n", NULL },
  { "no-equals", PROVIDER "Name\n" API, NULL },
};

static void
check_not_file (gconstpointer data)
{
  const Bad *row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = parse (row->text, &error);

  g_assert_null (provider);
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
  g_assert_nonnull (strstr (error->message, "own.conf"));
}

/* The first problem is told and no later one, whatever there are. */
static void
check_many_problems (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (parse ("[Provider]\nPkce=plain\nX=1\n[Api]\nAccept=\xff\n", &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
  g_assert_nonnull (strstr (error->message, "AuthorizationEndpoint"));
}

/* Names of any length leave room for what is wrong. */
static void
check_long_names (void)
{
  g_autofree char *id = unit_repeat ("i", 64);
  g_autofree char *name = unit_repeat ("n", 100);
  g_autofree char *text = g_strconcat (PROVIDER API "[", name, "]\n", name, "=1\n", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_provider_parse (id, text, strlen (text), &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
  g_assert_true (g_str_has_suffix (error->message, "is unknown"));
}

typedef struct
{
  const char *id;
  const char *text;
  gboolean good;
} Id;

static const Id ids[] = {
  { "plain", "tidio", TRUE },
  { "one-letter", "a", TRUE },
  { "digit", "1", TRUE },
  { "mail", "Anna.B_c-d@example.com", TRUE },
  { "longest", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg", TRUE },
  { "longer", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg", FALSE },
  { "empty", "", FALSE },
  { "dot", ".a", FALSE },
  { "dots", "..", FALSE },
  { "dash", "-a", FALSE },
  { "at", "@a", FALSE },
  { "underscore", "_a", FALSE },
  { "slash", "a/b", FALSE },
  { "space", "a b", FALSE },
  { "line-end", "a\n", FALSE },
  { "plus", "a+b", FALSE },
  { "percent", "a%2f", FALSE },
  { "not-ascii", "\xc3\xa9", FALSE },
  { "not-ascii-behind", "a\xc3\xa9", FALSE },
};

static void
check_id (gconstpointer data)
{
  const Id *row = data;

  g_assert_cmpint (ta_provider_is_id (row->text), ==, row->good);
}

typedef struct
{
  const char *id;
  TaDpop dpop;
  gboolean offers;
  gboolean used;
} Dpop;

static const Dpop dpops[] = {
  { "auto", TA_DPOP_AUTO, FALSE, FALSE },
  { "auto-offered", TA_DPOP_AUTO, TRUE, TRUE },
  { "required", TA_DPOP_REQUIRED, FALSE, TRUE },
  { "required-offered", TA_DPOP_REQUIRED, TRUE, TRUE },
  { "none", TA_DPOP_NONE, FALSE, FALSE },
  { "none-offered", TA_DPOP_NONE, TRUE, FALSE },
};

static void
check_dpop (gconstpointer data)
{
  const Dpop *row = data;
  const TaProvider provider = { .dpop = row->dpop, .offers_dpop = row->offers };

  g_assert_cmpint (ta_provider_uses_dpop (&provider), ==, row->used);
}

static void
check_dpop_none (void)
{
  g_autoptr (TaProvider) provider = parse (PROVIDER "Dpop=none\n" API, NULL);

  g_assert_cmpint (provider->dpop, ==, TA_DPOP_NONE);
}

static void
check_owners (void)
{
  TaProvider *provider = parse (PROVIDER API, NULL);
  TaProvider *other = ta_provider_ref (provider);

  ta_provider_unref (provider);
  g_assert_cmpstr (other->id, ==, "own");
  ta_provider_unref (other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/provider/UN-PR-01-built-in", check_built_in);
  g_test_add_func ("/provider/UN-PR-02-commented", check_commented);
  g_test_add_func ("/provider/UN-PR-03-defaults", check_defaults);
  g_test_add_func ("/provider/UN-PR-04-everything-set", check_everything_set);
  UNIT_ADD_ROWS ("/provider/UN-PR-05-bad", bad, check_bad);
  g_test_add_func ("/provider/UN-PR-06-built-in-keys", check_built_in_keys);
  UNIT_ADD_ROWS ("/provider/UN-PR-07-not-a-file", not_files, check_not_file);
  g_test_add_func ("/provider/UN-PR-08-many-problems", check_many_problems);
  UNIT_ADD_ROWS ("/provider/UN-PR-09-id", ids, check_id);
  g_test_add_func ("/provider/UN-PR-10-owners", check_owners);
  g_test_add_func ("/provider/UN-PR-11-own-redirect-uri", check_own_redirect_uri);
  g_test_add_func ("/provider/UN-PR-12-without-endpoints", check_without_endpoints);
  UNIT_ADD_ROWS ("/provider/UN-PR-13-dpop", dpops, check_dpop);
  g_test_add_func ("/provider/UN-PR-14-dpop-none", check_dpop_none);
  g_test_add_func ("/provider/UN-PR-15-long-names", check_long_names);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-json.h"
#include "oauth/ta-token-request.h"

#include "unit-provider.h"

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

static TaClient *
make_client (const char *id, const char *secret)
{
  g_autoptr (GError) error = NULL;
  TaClient *client = ta_client_new ("tidio", id, secret, &error);

  g_assert_no_error (error);
  return client;
}

static void
assert_request (const TaTokenRequest *request, const char *type, const char *body,
                const char *authorization)
{
  g_assert_cmpstr (request->content_type, ==, type);
  g_assert_cmpstr (ta_secret_peek (request->body), ==, body);
  g_assert_cmpstr (request->authorization == NULL ? NULL : ta_secret_peek (request->authorization),
                   ==, authorization);
}

/* RFC 6749 section 4.1.3 and 6, with the client of section 2.3.1. */
static void
check_rfc (void)
{
  g_autoptr (TaProvider) provider
      = unit_provider_new ("TokenRequestFormat=form\nClientAuthentication=basic\nPkce=none\n");
  g_autoptr (TaClient) client = make_client ("s6BhdRkqt3", "gX1fBat3bV");
  g_autoptr (TaTokenRequest) code = ta_token_request_code (
      provider, client, "SplxlOBeZQQYbYS6WxSbIA", "https://client.example.com/cb", "unused");
  g_autoptr (TaTokenRequest) refresh
      = ta_token_request_refresh (provider, client, "tGzv3JOkF0XG5Qx2TlKWIA");

  assert_request (code, FORM,
                  "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA"
                  "&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb",
                  "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
  assert_request (refresh, FORM, "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA",
                  "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
}

typedef struct
{
  const char *name;
  const char *value;
} Member;

/* Exactly these members, all strings. */
static void
assert_members (const TaTokenRequest *request, const Member *members, guint count)
{
  const char *body = ta_secret_peek (request->body);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = ta_json_parse_object (body, strlen (body), 65536, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (request->content_type, ==, JSON);
  g_assert_null (request->authorization);
  g_assert_cmpuint (json_object_get_size (object), ==, count);
  for (guint i = 0; i < count; i++)
    g_assert_cmpstr (ta_json_get_string (object, members[i].name), ==, members[i].value);
}

/* TK-01: what Tidio gets. */
static void
check_tidio (void)
{
  const Member code_members[] = {
    { "grant_type", "authorization_code" },
    { "code", "CODE" },
    { "redirect_uri", "http://localhost:3000/callback" },
    { "code_verifier", "VERIFIER" },
    { "client_id", "my-id" },
    { "client_secret", "my-secret" },
  };
  const Member refresh_members[] = {
    { "grant_type", "refresh_token" },
    { "refresh_token", "REFRESH" },
    { "client_id", "my-id" },
    { "client_secret", "my-secret" },
  };
  g_autoptr (TaProvider) provider = unit_provider_new ("");
  g_autoptr (TaClient) client = make_client ("my-id", "my-secret");
  g_autoptr (TaTokenRequest) code = ta_token_request_code (
      provider, client, "CODE", "http://localhost:3000/callback", "VERIFIER");
  g_autoptr (TaTokenRequest) refresh = ta_token_request_refresh (provider, client, "REFRESH");

  assert_members (code, code_members, G_N_ELEMENTS (code_members));
  assert_members (refresh, refresh_members, G_N_ELEMENTS (refresh_members));
}

typedef struct
{
  const char *id;
  const char *keys;
  const char *client_id;
  const char *client_secret; /* NULL: a public client */
  const char *body;
  const char *authorization; /* NULL: none */
} Authentication;

static const Authentication authentications[] = {
  { "body", "ClientAuthentication=body\n", "i", "s",
    "grant_type=refresh_token&refresh_token=r&client_id=i&client_secret=s", NULL },
  { "body-public", "ClientAuthentication=body\n", "i", NULL,
    "grant_type=refresh_token&refresh_token=r&client_id=i", NULL },
  { "none", "ClientAuthentication=none\n", "i", "s",
    "grant_type=refresh_token&refresh_token=r&client_id=i", NULL },
  { "none-public", "ClientAuthentication=none\n", "i", NULL,
    "grant_type=refresh_token&refresh_token=r&client_id=i", NULL },
  { "basic", "ClientAuthentication=basic\n", "s6BhdRkqt3", "gX1fBat3bV",
    "grant_type=refresh_token&refresh_token=r", "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW" },
  /* a%3Ab%20c:d%2Be%25%26 */
  { "basic-encoded-first", "ClientAuthentication=basic\n", "a:b c", "d+e%&",
    "grant_type=refresh_token&refresh_token=r", "Basic YSUzQWIlMjBjOmQlMkJlJTI1JTI2" },
  /* the characters of RFC 6749 appendix B that a client may have, and all that means something to
   * Basic or to a form: %20%25%26%2B:%3A%22%2F%3D%3F%5C */
  { "basic-special", "ClientAuthentication=basic\n", " %&+", ":\"/=?\\",
    "grant_type=refresh_token&refresh_token=r",
    "Basic JTIwJTI1JTI2JTJCOiUzQSUyMiUyRiUzRCUzRiU1Qw==" },
  { "basic-public", "ClientAuthentication=basic\n", "s6BhdRkqt3", NULL,
    "grant_type=refresh_token&refresh_token=r", "Basic czZCaGRSa3F0Mzo=" },
  /* RFC 6749 section 2.3.1. */
  { "rfc-body", "ClientAuthentication=body\n", "s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw",
    "grant_type=refresh_token&refresh_token=r&client_id=s6BhdRkqt3"
    "&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw",
    NULL },
  { "body-encoded", "ClientAuthentication=body\n", "a&b", "c=d",
    "grant_type=refresh_token&refresh_token=r&client_id=a%26b&client_secret=c%3Dd", NULL },
};

static void
check_authentication (gconstpointer data)
{
  const Authentication *row = data;
  g_autofree char *keys = g_strconcat ("TokenRequestFormat=form\n", row->keys, NULL);
  g_autoptr (TaProvider) provider = unit_provider_new (keys);
  g_autoptr (TaClient) client = make_client (row->client_id, row->client_secret);
  g_autoptr (TaTokenRequest) request = ta_token_request_refresh (provider, client, "r");

  assert_request (request, FORM, row->body, row->authorization);
}

/* Only one way of authentication per request (RFC 6749 section 2.3). */
static void
check_basic_json (void)
{
  g_autoptr (TaProvider) provider = unit_provider_new ("ClientAuthentication=basic\n");
  g_autoptr (TaClient) client = make_client ("i", "s");
  g_autoptr (TaTokenRequest) request = ta_token_request_refresh (provider, client, "r");

  assert_request (request, JSON, "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"r\"}",
                  "Basic aTpz");
}

static void
check_verifier_in_form (void)
{
  g_autoptr (TaProvider) with = unit_provider_new ("TokenRequestFormat=form\n");
  g_autoptr (TaProvider) without = unit_provider_new ("TokenRequestFormat=form\nPkce=none\n");
  g_autoptr (TaClient) client = make_client ("i", NULL);
  g_autoptr (TaTokenRequest) one = ta_token_request_code (with, client, "c", "http://u", "v~");
  g_autoptr (TaTokenRequest) two = ta_token_request_code (without, client, "c", "http://u", "v~");

  assert_request (one, FORM,
                  "grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2Fu"
                  "&code_verifier=v~&client_id=i",
                  NULL);
  assert_request (two, FORM,
                  "grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2Fu&client_id=i",
                  NULL);
}

typedef struct
{
  const char *id;
  const char *keys;
  const char *body;
} Resource;

static const Resource resources[] = {
  { "CF-05-json-one", "Resource=https://a/\n",
    "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"r\",\"resource\":\"https://a/\","
    "\"client_id\":\"i\"}" },
  { "CF-05-json-two", "Resource=https://a/ https://b/\n",
    "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"r\",\"resource\":[\"https://a/\","
    "\"https://b/\"],\"client_id\":\"i\"}" },
  { "CF-05-form-one", "TokenRequestFormat=form\nResource=https://a/\n",
    "grant_type=refresh_token&refresh_token=r&resource=https%3A%2F%2Fa%2F&client_id=i" },
  { "CF-05-form-two", "TokenRequestFormat=form\nResource=https://a/ https://b/\n",
    "grant_type=refresh_token&refresh_token=r&resource=https%3A%2F%2Fa%2F"
    "&resource=https%3A%2F%2Fb%2F&client_id=i" },
};

static void
check_resource (gconstpointer data)
{
  const Resource *row = data;
  g_autoptr (TaProvider) provider = unit_provider_new (row->keys);
  g_autoptr (TaClient) client = make_client ("i", NULL);
  g_autoptr (TaTokenRequest) request = ta_token_request_refresh (provider, client, "r");

  g_assert_cmpstr (ta_secret_peek (request->body), ==, row->body);
}

/* RFC 7009 section 2.1. */
static void
check_revocation (void)
{
  const Member members[] = {
    { "token", "t" },
    { "token_type_hint", "refresh_token" },
    { "client_id", "i" },
    { "client_secret", "s" },
  };
  g_autoptr (TaProvider) json = unit_provider_new ("");
  g_autoptr (TaProvider) form = unit_provider_new ("TokenRequestFormat=form\n");
  g_autoptr (TaClient) client = make_client ("i", "s");
  g_autoptr (TaTokenRequest) one = ta_token_request_revoke (json, client, "t", "refresh_token");
  g_autoptr (TaTokenRequest) two = ta_token_request_revoke (form, client, "t", "access_token");

  assert_members (one, members, G_N_ELEMENTS (members));
  assert_request (two, FORM, "token=t&token_type_hint=access_token&client_id=i&client_secret=s",
                  NULL);
}

/* RFC 7009 section 2.1. */
static void
check_rfc_revocation (void)
{
  g_autoptr (TaProvider) provider
      = unit_provider_new ("TokenRequestFormat=form\nClientAuthentication=basic\n");
  g_autoptr (TaClient) client = make_client ("s6BhdRkqt3", "gX1fBat3bV");
  g_autoptr (TaTokenRequest) request
      = ta_token_request_revoke (provider, client, "45ghiukldjahdnhzdauz", "refresh_token");

  assert_request (request, FORM, "token=45ghiukldjahdnhzdauz&token_type_hint=refresh_token",
                  "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
}

/* RFC 7636 section 4.5 with the verifier of appendix B, as a public client sends it. */
static void
check_rfc_verifier (void)
{
  g_autoptr (TaProvider) provider
      = unit_provider_new ("TokenRequestFormat=form\nClientAuthentication=none\n");
  g_autoptr (TaClient) client = make_client ("s6BhdRkqt3", NULL);
  g_autoptr (TaTokenRequest) request = ta_token_request_code (
      provider, client, "SplxlOBeZQQYbYS6WxSbIA", "https://client.example.com/cb",
      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");

  assert_request (request, FORM,
                  "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA"
                  "&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb"
                  "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
                  "&client_id=s6BhdRkqt3",
                  NULL);
}

#define RFC_PUSH                                                                                   \
  "response_type=code&state=af0ifjsldkj&client_id=s6BhdRkqt3"                                      \
  "&redirect_uri=https%3A%2F%2Fclient.example.org%2Fcb"                                            \
  "&code_challenge=K2-ltc83acc4h0c9w6ESC_rEMTJ3bww-uCHaoeK1t8U"                                    \
  "&code_challenge_method=S256&scope=account-information"

typedef struct
{
  const char *id;
  const char *keys;
  const char *query;
  const char *body;
  const char *authorization;
} Push;

static const Push pushes[] = {
  /* RFC 9126 section 2.1. */
  { "rfc", "ClientAuthentication=basic\n", RFC_PUSH, RFC_PUSH,
    "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3" },
  { "body", "ClientAuthentication=body\n", "client_id=s6BhdRkqt3&state=s",
    "client_id=s6BhdRkqt3&state=s&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw", NULL },
  { "none", "ClientAuthentication=none\n", "client_id=s6BhdRkqt3&state=s",
    "client_id=s6BhdRkqt3&state=s", NULL },
  { "form-always", "TokenRequestFormat=json\nClientAuthentication=none\n",
    "client_id=s6BhdRkqt3&state=s", "client_id=s6BhdRkqt3&state=s", NULL },
  { "further-parameters",
    "ClientAuthentication=none\nAuthorizationEndpoint=https://h/a?prompt=consent&a=b%20c\n",
    "client_id=s6BhdRkqt3", "client_id=s6BhdRkqt3&prompt=consent&a=b%20c", NULL },
  { "no-further-parameters", "ClientAuthentication=none\nAuthorizationEndpoint=https://h/a?\n",
    "client_id=s6BhdRkqt3", "client_id=s6BhdRkqt3", NULL },
};

static void
check_push (gconstpointer data)
{
  const Push *row = data;
  g_autoptr (TaProvider) provider = unit_provider_new (row->keys);
  g_autoptr (TaClient) client = make_client ("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw");
  g_autoptr (TaTokenRequest) request = ta_token_request_push (provider, client, row->query);

  assert_request (request, FORM, row->body, row->authorization);
  g_assert_null (strstr (ta_secret_peek (request->body), "request_uri"));
}

typedef struct
{
  const char *id;
  const char *keys;
  const char *scope; /* NULL: none of the caller's */
  const char *body;
  const char *authorization;
} Device;

static const Device devices[] = {
  /* RFC 8628 section 3.1 has them in the other order. */
  { "rfc", "ClientAuthentication=none\n", "example_scope",
    "scope=example_scope&client_id=1406020730", NULL },
  { "form-always", "TokenRequestFormat=json\nClientAuthentication=none\n", NULL,
    "client_id=1406020730", NULL },
  { "body", "Scopes=a b\n", NULL, "scope=a%20b&client_id=1406020730&client_secret=s", NULL },
  { "basic", "ClientAuthentication=basic\nScopes=a\n", NULL, "scope=a", "Basic MTQwNjAyMDczMDpz" },
  { "resource", "ClientAuthentication=none\nResource=https://a/ https://b/\n", NULL,
    "resource=https%3A%2F%2Fa%2F&resource=https%3A%2F%2Fb%2F&client_id=1406020730", NULL },
};

static void
check_device (gconstpointer data)
{
  const Device *row = data;
  const char *const scopes[] = { row->scope, NULL };
  g_autoptr (TaProvider) provider = unit_provider_new (row->keys);
  g_autoptr (TaClient) client = make_client ("1406020730", "s");
  g_autoptr (TaTokenRequest) request
      = ta_token_request_device (provider, client, row->scope != NULL ? scopes : NULL);

  assert_request (request, FORM, row->body, row->authorization);
}

/* RFC 8628 section 3.4, in both formats. */
static void
check_device_code (void)
{
  const Member members[] = {
    { "grant_type", "urn:ietf:params:oauth:grant-type:device_code" },
    { "device_code", "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS" },
    { "client_id", "1406020730" },
  };
  g_autoptr (TaProvider) form
      = unit_provider_new ("TokenRequestFormat=form\nClientAuthentication=none\n");
  g_autoptr (TaProvider) json = unit_provider_new ("ClientAuthentication=none\n");
  g_autoptr (TaClient) client = make_client ("1406020730", NULL);
  g_autoptr (TaSecret) code = ta_secret_new ("GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS");
  g_autoptr (TaTokenRequest) one = ta_token_request_device_code (form, client, code);
  g_autoptr (TaTokenRequest) two = ta_token_request_device_code (json, client, code);

  assert_request (one, FORM,
                  "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
                  "&device_code=GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS&client_id=1406020730",
                  NULL);
  assert_members (two, members, G_N_ELEMENTS (members));
}

static void
check_json_escapes (void)
{
  const Member members[] = {
    { "grant_type", "authorization_code" },
    { "code", "\",\"client_id\":\"evil\\" },
    { "redirect_uri", "http://localhost:3000/callback" },
    { "client_id", "i\"" },
  };
  g_autoptr (TaProvider) provider = unit_provider_new ("Pkce=none\n");
  g_autoptr (TaClient) client = make_client ("i\"", NULL);
  g_autoptr (TaTokenRequest) request = ta_token_request_code (
      provider, client, members[1].value, "http://localhost:3000/callback", "v");

  assert_members (request, members, G_N_ELEMENTS (members));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/token-request/UN-TQ-01-rfc", check_rfc);
  g_test_add_func ("/token-request/UN-TQ-02-tidio", check_tidio);
  UNIT_ADD_ROWS ("/token-request/UN-TQ-03-authentication", authentications, check_authentication);
  g_test_add_func ("/token-request/UN-TQ-04-basic-json", check_basic_json);
  g_test_add_func ("/token-request/UN-TQ-05-verifier-in-form", check_verifier_in_form);
  UNIT_ADD_ROWS ("/token-request/UN-TQ-06-resource", resources, check_resource);
  g_test_add_func ("/token-request/UN-TQ-07-revocation", check_revocation);
  g_test_add_func ("/token-request/UN-TQ-08-json-escapes", check_json_escapes);
  g_test_add_func ("/token-request/UN-TQ-09-rfc-revocation", check_rfc_revocation);
  g_test_add_func ("/token-request/UN-TQ-10-rfc-verifier", check_rfc_verifier);
  UNIT_ADD_ROWS ("/token-request/UN-TQ-11-push", pushes, check_push);
  UNIT_ADD_ROWS ("/token-request/UN-TQ-12-device", devices, check_device);
  g_test_add_func ("/token-request/UN-TQ-13-device-code", check_device_code);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-authorization.h"
#include "oauth/ta-encoding.h"

#include "unit-provider.h"

/* RFC 7636 appendix B. */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

#define REDIRECT_URI "http://localhost:3000/callback"
#define ENCODED_REDIRECT_URI "http%3A%2F%2Flocalhost%3A3000%2Fcallback"

static void
check_challenge (void)
{
  g_autofree char *challenge = ta_authorization_code_challenge (VERIFIER);

  g_assert_cmpstr (challenge, ==, CHALLENGE);
}

typedef struct
{
  const char *id;
  const char *keys;
  const char *uri;
} Request;

static const Request requests[] = {
  { "tidio", "",
    "https://www.tidio.com/oauth/authorize?client_id=my-id&redirect_uri=" ENCODED_REDIRECT_URI
    "&response_type=code&state=STATE&code_challenge=" CHALLENGE "&code_challenge_method=S256" },
  { "no-pkce", "Pkce=none\n",
    "https://www.tidio.com/oauth/authorize?client_id=my-id&redirect_uri=" ENCODED_REDIRECT_URI
    "&response_type=code&state=STATE" },
  { "query-is-kept", "Pkce=none\nAuthorizationEndpoint=https://h/a?tenant=b%20c\n",
    "https://h/a?tenant=b%20c&client_id=my-id&redirect_uri=" ENCODED_REDIRECT_URI
    "&response_type=code&state=STATE" },
  { "CF-05-scopes", "Pkce=none\nScopes=read write\n",
    "https://www.tidio.com/oauth/authorize?client_id=my-id&redirect_uri=" ENCODED_REDIRECT_URI
    "&response_type=code&scope=read%20write&state=STATE" },
  { "CF-05-resources", "Pkce=none\nResource=https://a/ https://b/\n",
    "https://www.tidio.com/oauth/authorize?client_id=my-id&redirect_uri=" ENCODED_REDIRECT_URI
    "&response_type=code&state=STATE&resource=https%3A%2F%2Fa%2F&resource=https%3A%2F%2Fb%2F" },
};

static void
check_request (gconstpointer data)
{
  const Request *row = data;
  g_autoptr (TaProvider) provider = unit_provider_new (row->keys);
  g_autofree char *uri
      = ta_authorization_uri (provider, "my-id", REDIRECT_URI, NULL, "STATE", VERIFIER, NULL);

  g_assert_cmpstr (uri, ==, row->uri);
}

/* RFC 6749 section 4.1.1 has the same parameters, in another order. */
static void
check_rfc (void)
{
  g_autoptr (TaProvider) provider = unit_provider_new (
      "Pkce=none\nAuthorizationEndpoint=https://server.example.com/authorize\n");
  g_autofree char *uri = ta_authorization_uri (
      provider, "s6BhdRkqt3", "https://client.example.com/cb", NULL, "xyz", "v", NULL);

  g_assert_cmpstr (uri, ==,
                   "https://server.example.com/authorize?client_id=s6BhdRkqt3"
                   "&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb"
                   "&response_type=code&state=xyz");
}

static void
check_scopes_of_caller (void)
{
  const char *const none[] = { NULL };
  const char *const two[] = { "a", "b", NULL };
  g_autoptr (TaProvider) provider = unit_provider_new ("Pkce=none\nScopes=read\n");
  g_autofree char *without
      = ta_authorization_uri (provider, "i", REDIRECT_URI, none, "s", VERIFIER, NULL);
  g_autofree char *with
      = ta_authorization_uri (provider, "i", REDIRECT_URI, two, "s", VERIFIER, NULL);

  g_assert_null (strstr (without, "scope"));
  g_assert_nonnull (strstr (with, "&scope=a%20b&"));
}

typedef struct
{
  const char *id;
  const char *keys;
  const char *uri;
} Pushed;

#define RFC_PUSHED                                                                                 \
  "client_id=s6BhdRkqt3&request_uri="                                                              \
  "urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3A6esc_11ACC5bwc014ltc14eY22c"

static const Pushed pushed[] = {
  /* RFC 9126 section 4. */
  { "rfc", "AuthorizationEndpoint=https://as.example.com/authorize\n",
    "https://as.example.com/authorize?" RFC_PUSHED },
  { "query-is-kept", "AuthorizationEndpoint=https://h/a?tenant=b%20c\n",
    "https://h/a?tenant=b%20c&" RFC_PUSHED },
  { "nothing-else", "AuthorizationEndpoint=https://h/a\nScopes=read\nResource=https://a/\n",
    "https://h/a?" RFC_PUSHED },
};

static void
check_pushed (gconstpointer data)
{
  const Pushed *row = data;
  g_autoptr (TaProvider) provider = unit_provider_new (row->keys);
  g_autofree char *uri = ta_authorization_pushed_uri (
      provider, "s6BhdRkqt3", "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c");

  g_assert_cmpstr (uri, ==, row->uri);
}

/* What is pushed is what would stand in the address. */
static void
check_query (void)
{
  g_autoptr (TaProvider) provider = unit_provider_new ("Scopes=read\nResource=https://a/\n");
  g_autofree char *query
      = ta_authorization_query (provider, "i", REDIRECT_URI, NULL, "STATE", VERIFIER, NULL);
  g_autofree char *uri
      = ta_authorization_uri (provider, "i", REDIRECT_URI, NULL, "STATE", VERIFIER, NULL);
  g_autofree char *expected = g_strconcat (provider->authorization_endpoint, "?", query, NULL);

  g_assert_cmpstr (uri, ==, expected);
  g_assert_null (strstr (query, VERIFIER));
}

/* RFC 9449 section 10: the code is bound to the key too. */
static void
check_thumbprint (void)
{
  g_autoptr (TaProvider) provider = unit_provider_new ("Pkce=none\n");
  g_autofree char *uri
      = ta_authorization_uri (provider, "i", REDIRECT_URI, NULL, "s", VERIFIER, "THUMB-print_");

  g_assert_true (g_str_has_suffix (uri, "&state=s&dpop_jkt=THUMB-print_"));
}

static guint
count (const char *text, const char *part)
{
  guint found = 0;

  for (const char *at = strstr (text, part); at != NULL; at = strstr (at + 1, part))
    found++;
  return found;
}

typedef struct
{
  const char *id;
  const char *text;
  const char *encoded;
} Injection;

static const Injection injections[] = {
  { "BR-02-parameter", "a&redirect_uri=http://evil/", "a%26redirect_uri%3Dhttp%3A%2F%2Fevil%2F" },
  { "BR-02-spaces", " a  b ", "%20a%20%20b%20" },
  { "BR-02-fragment", "a#b", "a%23b" },
  { "BR-02-quotes", "\"'", "%22%27" },
  { "BR-02-encoded-once", "%26", "%2526" },
  { "BR-02-plus", "a+b", "a%2Bb" },
  { "BR-02-line-end", "a\r\nb", "a%0D%0Ab" },
};

static void
check_injection (gconstpointer data)
{
  const Injection *row = data;
  const char *const scopes[] = { row->text, NULL };
  g_autofree char *scope = g_strdup_printf ("&scope=%s&", row->encoded);
  g_autofree char *client_id = g_strdup_printf ("?client_id=%s&", row->encoded);
  g_autofree char *state = g_strdup_printf ("&state=%s&", row->encoded);
  g_autoptr (TaProvider) provider = unit_provider_new ("");
  g_autofree char *uri
      = ta_authorization_uri (provider, row->text, REDIRECT_URI, scopes, row->text, VERIFIER, NULL);

  g_assert_nonnull (strstr (uri, scope));
  g_assert_nonnull (strstr (uri, client_id));
  g_assert_nonnull (strstr (uri, state));
  g_assert_cmpuint (count (uri, "redirect_uri="), ==, 1);
  for (const char *c = uri; *c != '\0'; c++)
    g_assert_true (*c > 0x20 && *c < 0x7f && strchr ("\"<>\\^`{|}#'", *c) == NULL);
}

typedef struct
{
  const char *id;
  const char *scope;
  gboolean good;
} Scope;

static const Scope scopes[] = {
  { "plain", "read", TRUE },      { "uri", "https://h/auth/contacts.readonly", TRUE },
  { "bounds", "!#[]~", TRUE },    { "empty", "", FALSE },
  { "space", "a b", FALSE },      { "quote", "a\"b", FALSE },
  { "backslash", "a\\b", FALSE }, { "line-end", "a\n", FALSE },
  { "delete", "a\x7f", FALSE },   { "not-ascii", "\xc3\xa9", FALSE },
};

static void
check_scope (gconstpointer data)
{
  const Scope *row = data;
  const char *const list[] = { "first", row->scope, "last", NULL };

  g_assert_cmpint (ta_encoding_are_scopes (list), ==, row->good);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/authorization/UN-AU-01-challenge", check_challenge);
  UNIT_ADD_ROWS ("/authorization/UN-AU-02-request", requests, check_request);
  g_test_add_func ("/authorization/UN-AU-03-scopes-of-caller", check_scopes_of_caller);
  UNIT_ADD_ROWS ("/authorization/UN-AU-04-injection", injections, check_injection);
  UNIT_ADD_ROWS ("/authorization/UN-AU-05-scope", scopes, check_scope);
  UNIT_ADD_ROWS ("/authorization/UN-AU-06-pushed", pushed, check_pushed);
  g_test_add_func ("/authorization/UN-AU-07-query", check_query);
  g_test_add_func ("/authorization/UN-AU-08-rfc", check_rfc);
  g_test_add_func ("/authorization/UN-AU-09-thumbprint", check_thumbprint);
  return g_test_run ();
}

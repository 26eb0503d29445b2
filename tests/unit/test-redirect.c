/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "oauth/ta-redirect.h"

#include "unit-provider.h"

typedef struct
{
  const char *id;
  const char *query;
  const char *state;
  const char *code;    /* NULL: none */
  const char *failure; /* NULL: none */
} Good;

static const Good good[] = {
  { "code", "code=abc&state=xyz", "xyz", "abc", NULL },
  { "rfc-6749-4.1.2", "code=SplxlOBeZQQYbYS6WxSbIA&state=xyz", "xyz", "SplxlOBeZQQYbYS6WxSbIA",
    NULL },
  { "rfc-6749-4.1.2.1", "error=access_denied&state=xyz", "xyz", NULL, "access_denied" },
  { "other-order", "state=xyz&code=abc", "xyz", "abc", NULL },
  { "CB-08-unknown", "code=abc&state=xyz&session_state=1&redirect=https://evil", "xyz", "abc",
    NULL },
  { "CB-08-unknown-twice", "a=1&a=2&code=abc&state=xyz", "xyz", "abc", NULL },
  { "CB-08-longer-names", "codex=1&xcode=2&states=3&errors=4&code=abc&state=xyz", "xyz", "abc",
    NULL },
  { "CB-08-names-with-case", "Code=1&STATE=2&code=abc&state=xyz", "xyz", "abc", NULL },
  { "CB-08-unknown-badly-encoded", "a=%zz&code=abc&state=xyz", "xyz", "abc", NULL },
  { "names-encoded", "%63ode=abc&st%61te=xyz", "xyz", "abc", NULL },
  { "empty-fields", "&&code=abc&&state=xyz&", "xyz", "abc", NULL },
  { "empty-error-is-none", "code=abc&state=xyz&error=", "xyz", "abc", NULL },
  { "bare-error-is-none", "code=abc&state=xyz&error", "xyz", "abc", NULL },
  { "empty-code-is-none", "code=&error=x&state=xyz", "xyz", NULL, "x" },
  { "encoded", "code=a%2Bb%2F%3D%26&state=x%20y", "x y", "a+b/=&", NULL },
  { "plus", "code=a+b&state=x+y", "x y", "a b", NULL },
  { "equals-in-value", "code=a=b==&state=x=", "x=", "a=b==", NULL },
  { "encoded-once", "code=a%252Bb&state=xyz", "xyz", "a%2Bb", NULL },
  { "CB-03-state-space", "code=abc&state=xyz%20", "xyz ", "abc", NULL },
  { "CB-13-markup",
    "error=<script>alert(1)</script>&error_description=%22%3E%3Cimg%20src=x%3E&state=xyz", "xyz",
    NULL, "an unregistered code" },
  { "CB-13-line-ends", "error=a%0D%0A%1B[31mb&state=xyz", "xyz", NULL, "an unregistered code" },
  { "CB-13-not-utf-8", "error=%FF&state=xyz", "xyz", NULL, "an unregistered code" },
};

static void
check_good (gconstpointer data)
{
  const Good *row = data;
  g_autoptr (TaRedirect) redirect = ta_redirect_parse (row->query);

  g_assert_nonnull (redirect);
  g_assert_cmpstr (ta_secret_peek (redirect->state), ==, row->state);
  g_assert_cmpstr (redirect->code == NULL ? NULL : ta_secret_peek (redirect->code), ==, row->code);
  g_assert_cmpstr (redirect->failure, ==, row->failure);
}

typedef struct
{
  const char *id;
  const char *query;
} Bad;

static const Bad bad[] = {
  { "empty", "" },
  { "separators", "&&&" },
  { "CB-03-no-state", "code=abc" },
  { "CB-03-empty-state", "code=abc&state=" },
  { "CB-03-bare-state", "code=abc&state" },
  { "CB-03-state-name-with-case", "code=abc&State=xyz" },
  { "CB-05-error-without-state", "error=access_denied" },
  { "CB-07-state-twice", "state=a&state=b&code=c" },
  { "CB-07-state-twice-the-same", "state=a&state=a&code=c" },
  { "CB-07-state-twice-apart", "state=a&code=c&state=b" },
  { "CB-07-state-empty-first", "state=&state=b&code=c" },
  { "CB-07-state-empty-last", "state=b&code=c&state" },
  { "CB-07-state-twice-encoded", "state=a&st%61te=b&code=c" },
  { "CB-07-name-badly-encoded", "state=a&code=c&%zz=d" },
  { "CB-07-code-twice", "state=a&code=b&code=c" },
  { "CB-07-code-empty-twice", "state=a&code=b&code=" },
  { "CB-07-error-twice", "state=a&error=b&error=c" },
  { "CB-07-iss-twice", "state=a&code=b&iss=https://c&iss=https://d" },
  { "neither", "state=a" },
  { "both-empty", "state=a&code=&error=" },
  { "state-badly-encoded", "state=%zz&code=b" },
  { "state-half-encoded", "state=a%4&code=b" },
  { "state-nul", "state=a%00junk&code=b" },
  { "state-nul-alone", "state=%00&code=b" },
  { "state-control", "state=a%0A&code=b" },
  { "state-delete", "state=a%7F&code=b" },
  { "state-not-utf-8", "state=%FF&code=b" },
  { "state-not-ascii", "state=%C3%A9&code=b" },
  { "code-badly-encoded", "state=a&code=%" },
  { "code-nul", "state=a&code=b%00c" },
  { "code-line-end", "state=a&code=b%0D%0AX:%20y" },
  { "code-not-ascii", "state=a&code=%C3%A9" },
  { "iss-badly-encoded", "state=a&code=b&iss=%zz" },
  { "iss-nul", "state=a&code=b&iss=https://c%00" },
  { "error-badly-encoded", "state=a&error=%zz" },
  { "error-nul", "state=a&error=access_denied%00" },
  { "semicolons-do-not-separate", "state=a;code=b" },
};

static void
check_bad (gconstpointer data)
{
  const Bad *row = data;

  g_assert_null (ta_redirect_parse (row->query));
}

/* A repeated parameter is found however much stands in between. */
static void
check_twice_far_apart (void)
{
  g_autofree char *filling = unit_repeat ("&a=1", 200);
  g_autofree char *once = g_strconcat ("state=a&code=b", filling, NULL);
  g_autofree char *twice = g_strconcat ("state=a&code=b", filling, "&code=c", NULL);
  g_autofree char *late = g_strconcat ("code=b", filling, "&state=a", NULL);
  g_autoptr (TaRedirect) redirect = ta_redirect_parse (once);
  g_autoptr (TaRedirect) behind = ta_redirect_parse (late);

  g_assert_nonnull (redirect);
  g_assert_nonnull (behind);
  g_assert_cmpstr (ta_secret_peek (behind->state), ==, "a");
  g_assert_null (ta_redirect_parse (twice));
}

static void
check_length (void)
{
  g_autofree char *code = unit_repeat ("c", 4096);
  g_autofree char *longest = g_strconcat ("state=a&code=", code, NULL);
  g_autofree char *longer = g_strconcat (longest, "c", NULL);
  g_autofree char *state = g_strconcat ("code=a&state=c", code, NULL);
  g_autoptr (TaRedirect) redirect = ta_redirect_parse (longest);

  g_assert_nonnull (redirect);
  g_assert_null (ta_redirect_parse (longer));
  g_assert_null (ta_redirect_parse (state));
}

typedef struct
{
  const char *id;
  const char *query;
  TaError code;
} Refusal;

static const Refusal refusals[] = {
  { "CB-12-denied", "state=a&error=access_denied", TA_ERROR_SIGN_IN_DENIED },
  { "invalid-scope", "state=a&error=invalid_scope", TA_ERROR_SIGN_IN_FAILED },
  { "server-error", "state=a&error=server_error", TA_ERROR_SERVER_ERROR },
  { "unavailable", "state=a&error=temporarily_unavailable", TA_ERROR_SERVER_ERROR },
  { "unknown", "state=a&error=whatever", TA_ERROR_SIGN_IN_FAILED },
  { "denied-case", "state=a&error=Access_Denied", TA_ERROR_SIGN_IN_FAILED },
  { "CB-13-markup", "state=a&error=<script>%0A</script>", TA_ERROR_SIGN_IN_FAILED },
  { "CB-13-not-utf-8", "state=a&error=%FF%1B[0m", TA_ERROR_SIGN_IN_FAILED },
  { "CB-13-format", "state=a&error=%25n%25s", TA_ERROR_SIGN_IN_FAILED },
};

static void
check_refusal (gconstpointer data)
{
  const Refusal *row = data;
  g_autoptr (TaRedirect) redirect = ta_redirect_parse (row->query);
  g_autoptr (GError) error = ta_redirect_get_error (redirect);

  unit_assert_error (error, TA_ERROR, (int) row->code);
}

static void
check_long_refusal (void)
{
  g_autofree char *text = unit_repeat ("e", 7000);
  g_autofree char *query = g_strconcat ("state=a&error=", text, NULL);
  g_autoptr (TaRedirect) redirect = ta_redirect_parse (query);
  g_autoptr (GError) error = ta_redirect_get_error (redirect);

  unit_assert_error (error, TA_ERROR, TA_ERROR_SIGN_IN_FAILED);
}

static void
check_no_error (void)
{
  g_autoptr (TaRedirect) redirect = ta_redirect_parse ("state=a&code=b");

  g_assert_null (ta_redirect_get_error (redirect));
}

typedef struct
{
  const char *id;
  const char *address;
  const char *query; /* NULL: not ours */
} Pasted;

static const Pasted pasted[] = {
  { "good", "http://localhost:3000/callback?code=a&state=b", "code=a&state=b" },
  { "query-empty", "http://localhost:3000/callback?", "" },
  { "fragment", "http://localhost:3000/callback?code=a#_=_", "code=a" },
  { "mark-in-query", "http://localhost:3000/callback?a?b", "a?b" },
  { "no-query", "http://localhost:3000/callback", NULL },
  { "query-in-fragment", "http://localhost:3000/callback#?code=a", NULL },
  { "other-path", "http://localhost:3000/callback/?code=a", NULL },
  { "longer-path", "http://localhost:3000/callbacks?code=a", NULL },
  { "other-port", "http://localhost:3001/callback?code=a", NULL },
  { "longer-port", "http://localhost:30000/callback?code=a", NULL },
  { "other-host", "http://127.0.0.1:3000/callback?code=a", NULL },
  { "other-scheme", "https://localhost:3000/callback?code=a", NULL },
  { "user", "http://localhost:3000@evil/callback?code=a", NULL },
  { "query-alone", "code=a&state=b", NULL },
  { "empty", "", NULL },
};

static void
check_pasted (gconstpointer data)
{
  const Pasted *row = data;
  g_autofree char *query = ta_redirect_find_query (row->address, "http://localhost:3000/callback");

  g_assert_cmpstr (query, ==, row->query);
}

/* RFC 9207 section 2.1 and 2.2. */
#define RFC_CODE "code=x1848ZT64p4IirMPT0R-X3141MFPTuBX-VFL_cvaplMH58"
#define RFC_STATE "&state=ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI"
#define RFC_ERROR "error=access_denied&state=N2JjNGJhY2JiZjRhYzA3MGJkMzNmMDE5OWJhZmJhZjA"
#define RFC_ISSUER "&iss=https%3A%2F%2Fhonest.as.example"

#define CODE "code=a&state=b"
#define ERROR "error=access_denied&state=b"

typedef struct
{
  const char *id;
  gboolean advertised;
  const char *query;
  const char *issuer; /* as it is received */
  gboolean good;
} Issuer;

/* All for the issuer https://honest.as.example. */
static const Issuer issuers[] = {
  { "rfc-code", TRUE, RFC_CODE RFC_STATE RFC_ISSUER, "https://honest.as.example", TRUE },
  { "rfc-error", TRUE, RFC_ERROR RFC_ISSUER, "https://honest.as.example", TRUE },
  { "plain", TRUE, CODE "&iss=https://honest.as.example", "https://honest.as.example", TRUE },
  { "CB-15-other", TRUE, CODE "&iss=https%3A%2F%2Fattacker.example", "https://attacker.example",
    FALSE },
  { "CB-15-other-error", TRUE, ERROR "&iss=https%3A%2F%2Fattacker.example",
    "https://attacker.example", FALSE },
  { "CB-16-missing", TRUE, CODE, NULL, FALSE },
  { "CB-16-empty", TRUE, CODE "&iss=", NULL, FALSE },
  { "CB-16-missing-error", TRUE, ERROR, NULL, FALSE },
  { "CB-17-missing", FALSE, CODE, NULL, TRUE },
  { "CB-17-missing-error", FALSE, ERROR, NULL, TRUE },
  { "CB-17-same", FALSE, CODE RFC_ISSUER, "https://honest.as.example", TRUE },
  { "CB-17-other", FALSE, CODE "&iss=https://attacker.example", "https://attacker.example", FALSE },
  { "CB-17-slash", FALSE, CODE RFC_ISSUER "%2F", "https://honest.as.example/", FALSE },
  { "CB-17-case", FALSE, CODE "&iss=https://Honest.as.example", "https://Honest.as.example",
    FALSE },
  { "CB-17-port", FALSE, CODE RFC_ISSUER ":443", "https://honest.as.example:443", FALSE },
  { "CB-17-space", FALSE, CODE RFC_ISSUER "+", "https://honest.as.example ", FALSE },
  { "CB-17-encoded-twice", FALSE, CODE "&iss=https%253A%252F%252Fhonest.as.example",
    "https%3A%2F%2Fhonest.as.example", FALSE },
};

static TaProvider *
make_provider (gboolean advertised)
{
  const char *text = "[Provider]\nIssuer=https://honest.as.example\n[Api]\nBaseUri=https://h/\n";
  g_autofree char *json
      = g_strdup_printf ("{\"issuer\":\"https://honest.as.example\","
                         "\"authorization_endpoint\":\"https://honest.as.example/a\","
                         "\"token_endpoint\":\"https://honest.as.example/t\","
                         "\"authorization_response_iss_parameter_supported\":%s}",
                         advertised ? "true" : "false");
  g_autoptr (TaProvider) provider = ta_provider_parse ("own", text, strlen (text), NULL);
  g_autoptr (TaMetadata) metadata = ta_metadata_parse (json, strlen (json), provider->issuer, NULL);
  g_autoptr (GError) error = NULL;
  TaProvider *complete = ta_provider_complete (provider, metadata, &error);

  g_assert_no_error (error);
  return complete;
}

static void
check_issuer (gconstpointer data)
{
  const Issuer *row = data;
  g_autoptr (TaProvider) provider = make_provider (row->advertised);
  g_autoptr (TaRedirect) redirect = ta_redirect_parse (row->query);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (redirect->issuer, ==, row->issuer);
  g_assert_cmpint (ta_redirect_check (redirect, provider, &error), ==, row->good);
  if (row->good)
    {
      g_assert_no_error (error);
      return;
    }
  unit_assert_error (error, TA_ERROR, TA_ERROR_SIGN_IN_FAILED);
  g_assert_null (strstr (error->message, "attacker"));
}

/* Nothing to compare with. */
static void
check_no_issuer (void)
{
  g_autoptr (TaProvider) provider = unit_provider_new ("");
  g_autoptr (TaRedirect) with = ta_redirect_parse (CODE "&iss=https://attacker.example");
  g_autoptr (TaRedirect) without = ta_redirect_parse (CODE);
  g_autoptr (GError) error = NULL;

  g_assert_true (ta_redirect_check (with, provider, &error));
  g_assert_true (ta_redirect_check (without, provider, &error));
  g_assert_no_error (error);
}

/* Whatever else it says, and whoever it is from. */
static void
check_both (void)
{
  g_autoptr (TaProvider) with_issuer = make_provider (TRUE);
  g_autoptr (TaProvider) provider = unit_provider_new ("");
  g_autoptr (TaRedirect) redirect = ta_redirect_parse ("state=b&code=CANARY&error=c" RFC_ISSUER);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (redirect);
  g_assert_false (ta_redirect_check (redirect, provider, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_SIGN_IN_FAILED);
  g_assert_null (strstr (error->message, "CANARY"));
  g_assert_false (ta_redirect_check (redirect, with_issuer, NULL));
}

static void
check_answer (void)
{
  g_autoptr (TaSecret) state = ta_secret_new ("xyz");
  g_autoptr (TaRedirect) answer = ta_redirect_parse_answer ("code=abc&state=xyz", state);

  g_assert_cmpstr (ta_secret_peek (answer->code), ==, "abc");
  g_assert_null (ta_redirect_parse_answer ("code=abc&state=xyZ", state));
  g_assert_null (ta_redirect_parse_answer ("code=abc&state=xyz%20", state));
  g_assert_null (ta_redirect_parse_answer ("code=abc&state=xy", state));
  g_assert_null (ta_redirect_parse_answer ("state=xyz", state));
  g_assert_null (ta_redirect_parse_answer ("", state));
  g_assert_null (ta_redirect_parse_answer (NULL, state));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/redirect/UN-RD-01-good", good, check_good);
  UNIT_ADD_ROWS ("/redirect/UN-RD-02-bad", bad, check_bad);
  g_test_add_func ("/redirect/UN-RD-03-twice-far-apart", check_twice_far_apart);
  g_test_add_func ("/redirect/UN-RD-04-length", check_length);
  UNIT_ADD_ROWS ("/redirect/UN-RD-05-refusal", refusals, check_refusal);
  g_test_add_func ("/redirect/UN-RD-06-long-refusal", check_long_refusal);
  g_test_add_func ("/redirect/UN-RD-07-no-error", check_no_error);
  UNIT_ADD_ROWS ("/redirect/UN-RD-08-pasted", pasted, check_pasted);
  UNIT_ADD_ROWS ("/redirect/UN-RD-09-issuer", issuers, check_issuer);
  g_test_add_func ("/redirect/UN-RD-10-no-issuer", check_no_issuer);
  g_test_add_func ("/redirect/UN-RD-11-CB-14-code-and-error", check_both);
  g_test_add_func ("/redirect/UN-RD-12-answer", check_answer);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-json.h"
#include "oauth/ta-dpop.h"
#include "oauth/ta-encoding.h"

#include "unit.h"

/* The examples of RFC 9449. */
#define EXAMPLE_X "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"
#define EXAMPLE_Y "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"
#define EXAMPLE_JKT "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
#define EXAMPLE_TOKEN "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
#define EXAMPLE_HASH "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
#define EXAMPLE_HEADER                                                                             \
  "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"x\":\"" EXAMPLE_X             \
  "\",\"y\":\"" EXAMPLE_Y "\",\"crv\":\"P-256\"}}"
#define EXAMPLE_PROOF                                                                              \
  "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"   \
  "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW"   \
  "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsIm"    \
  "h0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg"   \
  "8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"

static guint8 *
decode (const char *text, gsize *length)
{
  g_autofree char *padded = g_strconcat (text, &"==="[(strlen (text) + 3) % 4], NULL);

  g_strdelimit (padded, "-", '+');
  g_strdelimit (padded, "_", '/');
  return g_base64_decode (padded, length);
}

static char *
make_example_jwk (void)
{
  gsize length;
  g_autofree guint8 *x = decode (EXAMPLE_X, &length);
  g_autofree guint8 *y = decode (EXAMPLE_Y, &length);

  return ta_dpop_jwk (x, y);
}

static JsonObject *
parse_part (const char *text)
{
  gsize length;
  g_autofree guint8 *json = decode (text, &length);
  g_autoptr (GError) error = NULL;
  JsonObject *object = ta_json_parse_object ((const char *) json, length, 4096, &error);

  g_assert_no_error (error);
  return object;
}

static gboolean
are_same (JsonObject *object, JsonObject *other)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autoptr (JsonNode) other_node = json_node_init_object (json_node_alloc (), other);

  return json_node_equal (node, other_node);
}

/* Section 4.1: from the same values comes the same header and payload but for the order of the
 * members, and from those and the signature the same proof. */
static void
check_example (void)
{
  const TaDpopClaims claims = { .jti = "-BwC3ESc6acc2lTc",
                                .method = "POST",
                                .uri = "https://server.example.com/token",
                                .now = 1562262616 };
  g_autofree char *jwk = make_example_jwk ();
  g_autofree char *input = ta_dpop_signing_input (jwk, &claims);
  g_auto (GStrv) parts = g_strsplit (input, ".", -1);
  g_auto (GStrv) expected = g_strsplit (EXAMPLE_PROOF, ".", -1);
  g_autoptr (JsonObject) header = parse_part (parts[0]);
  g_autoptr (JsonObject) expected_header = parse_part (expected[0]);
  gsize length;
  g_autofree guint8 *signature = decode (expected[2], &length);
  g_autofree char *expected_input = g_strconcat (expected[0], ".", expected[1], NULL);
  g_autofree char *proof = ta_dpop_proof (expected_input, signature);

  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  g_assert_true (are_same (header, expected_header));
  g_assert_cmpstr (parts[1], ==, expected[1]);
  g_assert_cmpuint (length, ==, TA_DPOP_SIGNATURE);
  g_assert_cmpstr (proof, ==, EXAMPLE_PROOF);
}

/* Section 7.1: the proof for an API, with the hash of the token. */
static void
check_example_with_token (void)
{
  const TaDpopClaims claims = { .jti = "e1j3V_bKic8-LAEB",
                                .method = "GET",
                                .uri = "https://resource.example.org/protectedresource",
                                .now = 1562262618,
                                .access_token = EXAMPLE_TOKEN };
  g_autofree char *input = ta_dpop_signing_input ("{}", &claims);
  g_autoptr (JsonObject) payload = parse_part (strchr (input, '.') + 1);
  g_autofree char *text = g_strdup (
      "{\"jti\":\"e1j3V_bKic8-LAEB\",\"htm\":\"GET\",\"htu\":\"https://resource.example.org/"
      "protectedresource\",\"iat\":1562262618,\"ath\":\"" EXAMPLE_HASH "\"}");
  g_autoptr (JsonObject) expected = ta_json_parse_object (text, strlen (text), 4096, NULL);

  g_assert_true (are_same (payload, expected));
}

/* Section 8: the nonce stands in the proof as it was given. */
static void
check_nonce_claim (void)
{
  const TaDpopClaims claims = { .jti = "j",
                                .method = "POST",
                                .uri = "https://server.example.com/token",
                                .now = 1,
                                .nonce = "eyJ7S_zG.eyJH0-Z.HX4w-7v" };
  g_autofree char *input = ta_dpop_signing_input ("{}", &claims);
  g_autoptr (JsonObject) payload = parse_part (strchr (input, '.') + 1);

  g_assert_cmpstr (ta_json_get_string (payload, "nonce"), ==, "eyJ7S_zG.eyJH0-Z.HX4w-7v");
  g_assert_false (json_object_has_member (payload, "ath"));
}

/* Section 6.1 has the thumbprint of the key; RFC 7638 section 3.1 that of another kind of key. */
static void
check_thumbprint (void)
{
  g_autofree char *jwk = make_example_jwk ();
  g_autofree char *thumbprint = ta_dpop_thumbprint (jwk);
  g_autofree char *other = ta_dpop_thumbprint (
      "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4"
      "cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl"
      "93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1"
      "n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-k"
      "EgU8awapJzKnqDKgw\"}");

  g_assert_cmpstr (jwk, ==,
                   "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" EXAMPLE_X "\",\"y\":\"" EXAMPLE_Y
                   "\"}");
  g_assert_cmpstr (thumbprint, ==, EXAMPLE_JKT);
  g_assert_cmpstr (other, ==, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

typedef struct
{
  const char *id;
  const char *uri;
  const char *target;
} Target;

static const Target targets[] = {
  { "plain", "https://a.example/token", "https://a.example/token" },
  { "query", "https://a.example/token?a=b&c", "https://a.example/token" },
  { "query-empty", "https://a.example/token?", "https://a.example/token" },
  { "query-with-slash", "https://a.example/?https://b/?c", "https://a.example/" },
  { "fragment", "https://a.example/token#x?y", "https://a.example/token" },
  { "no-path", "https://a.example", "https://a.example/" },
  { "no-path-query", "https://a.example?a=b", "https://a.example/" },
  { "port", "https://a.example:8443/t", "https://a.example:8443/t" },
  { "port-of-scheme", "https://a.example:443/t", "https://a.example/t" },
  { "port-of-http", "http://localhost:80/t", "http://localhost/t" },
  { "port-of-other-scheme", "http://localhost:443/t", "http://localhost:443/t" },
  { "case", "HTTPS://A.Example/Token", "https://a.example/Token" },
  { "ipv6", "http://[::1]:8080/t?q", "http://[::1]:8080/t" },
  { "encoded", "https://a.example/a%20b%2fc%C3%A9?d", "https://a.example/a%20b%2Fc%C3%A9" },
  { "slashes", "https://a.example//a/", "https://a.example//a/" },
};

static void
check_target (gconstpointer data)
{
  const Target *row = data;
  const TaDpopClaims claims = { .jti = "j", .method = "GET", .uri = row->uri, .now = 1 };
  g_autofree char *input = ta_dpop_signing_input ("{}", &claims);
  g_autoptr (JsonObject) payload = parse_part (strchr (input, '.') + 1);

  g_assert_cmpstr (ta_json_get_string (payload, "htu"), ==, row->target);
}

static void
check_longest_nonce (void)
{
  g_autofree char *longest = unit_repeat ("a", 1024);
  g_autofree char *longer = unit_repeat ("a", 1025);

  g_assert_true (ta_dpop_is_nonce (longest));
  g_assert_false (ta_dpop_is_nonce (longer));
}

typedef struct
{
  const char *id;
  const char *text;
  gboolean is_nonce;
} Nonce;

static const Nonce nonces[] = {
  { "rfc", "eyJ7S_zG.eyJH0-Z.HX4w-7v", TRUE },
  { "one", "!", TRUE },
  { "marks", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", TRUE },
  { "empty", "", FALSE },
  { "space", "a b", FALSE },
  { "two-headers", "first, second", FALSE },
  { "quote", "a\"b", FALSE },
  { "backslash", "a\\b", FALSE },
  { "tab", "a\tb", FALSE },
  { "line-end", "a\r\nX: y", FALSE },
  { "delete", "a\x7f", FALSE },
  { "not-ascii", "\xc3\xa9", FALSE },
};

static void
check_nonce (gconstpointer data)
{
  const Nonce *row = data;

  g_assert_cmpint (ta_dpop_is_nonce (row->text), ==, row->is_nonce);
}

typedef struct
{
  const char *id;
  guint status;
  const char *text;
  gboolean is_wanted;
} Answer;

static const Answer errors[] = {
  { "rfc", 400,
    "{\"error\":\"use_dpop_nonce\",\"error_description\":\"Authorization server requires nonce in "
    "DPoP proof\"}",
    TRUE },
  { "least", 400, "{\"error\":\"use_dpop_nonce\"}", TRUE },
  { "unauthorized", 401, "{\"error\":\"use_dpop_nonce\"}", TRUE },
  { "forbidden", 403, "{\"error\":\"use_dpop_nonce\"}", FALSE },
  { "success", 200, "{\"error\":\"use_dpop_nonce\"}", FALSE },
  { "server-error", 500, "{\"error\":\"use_dpop_nonce\"}", FALSE },
  { "other-error", 400, "{\"error\":\"invalid_dpop_proof\"}", FALSE },
  { "case", 400, "{\"error\":\"USE_DPOP_NONCE\"}", FALSE },
  { "description-alone", 400, "{\"error_description\":\"use_dpop_nonce\"}", FALSE },
  { "array", 400, "{\"error\":[\"use_dpop_nonce\"]}", FALSE },
  { "number", 400, "{\"error\":7}", FALSE },
  { "twice", 400, "{\"error\":\"use_dpop_nonce\",\"error\":\"use_dpop_nonce\"}", FALSE },
  { "html", 400, "<html>use_dpop_nonce</html>", FALSE },
  { "empty", 400, "", FALSE },
};

static void
check_error (gconstpointer data)
{
  const Answer *row = data;

  g_assert_cmpint (ta_dpop_is_nonce_error (row->status, row->text, strlen (row->text)), ==,
                   row->is_wanted);
}

static const Answer challenges[] = {
  { "rfc", 401,
    "DPoP error=\"use_dpop_nonce\", error_description=\"Resource server requires nonce in DPoP "
    "proof\"",
    TRUE },
  { "plain-value", 401, "DPoP error=use_dpop_nonce", TRUE },
  { "case", 401, "dpop Error=\"use_dpop_nonce\"", TRUE },
  { "behind-other-parameters", 401, "DPoP algs=\"ES256 PS256\", error=\"use_dpop_nonce\"", TRUE },
  { "behind-realm-with-comma", 401, "DPoP realm=\"a, b\",error=\"use_dpop_nonce\"", TRUE },
  { "behind-realm-with-quote", 401, "DPoP realm=\"a\\\", b\", error=\"use_dpop_nonce\"", TRUE },
  { "space-around-equals", 401, "DPoP error = \"use_dpop_nonce\"", TRUE },
  { "space-in-later-parameter", 401, "DPoP algs=\"ES256\" , error\t= \"use_dpop_nonce\" ", TRUE },
  { "second-challenge", 401, "Bearer realm=\"x\", DPoP error=\"use_dpop_nonce\"", TRUE },
  { "first-challenge", 401, "DPoP error=\"use_dpop_nonce\", Bearer realm=\"x\"", TRUE },
  { "scheme-alone-then-dpop", 401, "Negotiate, DPoP error=\"use_dpop_nonce\"", TRUE },
  { "token68-then-dpop", 401, "Basic abc==, DPoP error=\"use_dpop_nonce\"", TRUE },
  { "empty-elements", 401, ",, DPoP ,error=\"use_dpop_nonce\",", TRUE },
  { "other-status", 400, "DPoP error=\"use_dpop_nonce\"", FALSE },
  { "forbidden", 403, "DPoP error=\"use_dpop_nonce\"", FALSE },
  { "none", 401, NULL, FALSE },
  { "empty", 401, "", FALSE },
  { "scheme-alone", 401, "DPoP", FALSE },
  { "other-error", 401, "DPoP error=\"invalid_token\"", FALSE },
  { "of-bearer", 401, "Bearer error=\"use_dpop_nonce\"", FALSE },
  { "of-bearer-behind-dpop", 401, "DPoP algs=\"ES256\", Bearer error=\"use_dpop_nonce\"", FALSE },
  { "description-alone", 401, "DPoP error_description=\"use_dpop_nonce\"", FALSE },
  { "in-a-quoted-value", 401, "DPoP realm=\"x, error=use_dpop_nonce\"", FALSE },
  { "scheme-in-a-quoted-value", 401, "Bearer realm=\", DPoP error=use_dpop_nonce\"", FALSE },
  { "longer-scheme", 401, "DPoPX error=\"use_dpop_nonce\"", FALSE },
  { "longer-value", 401, "DPoP error=\"use_dpop_nonce2\"", FALSE },
  { "open-quote", 401, "DPoP error=\"use_dpop_nonce", FALSE },
  { "open-escape", 401, "DPoP realm=\"\\", FALSE },
  { "no-value", 401, "DPoP error=", FALSE },
};

static void
check_challenge (gconstpointer data)
{
  const Answer *row = data;

  g_assert_cmpint (ta_dpop_is_nonce_challenge (row->status, row->text), ==, row->is_wanted);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dpop/UN-DP-01-example", check_example);
  g_test_add_func ("/dpop/UN-DP-02-example-with-token", check_example_with_token);
  g_test_add_func ("/dpop/UN-DP-03-nonce-claim", check_nonce_claim);
  g_test_add_func ("/dpop/UN-DP-04-thumbprint", check_thumbprint);
  UNIT_ADD_ROWS ("/dpop/UN-DP-05-target", targets, check_target);
  UNIT_ADD_ROWS ("/dpop/UN-DP-06-nonce", nonces, check_nonce);
  g_test_add_func ("/dpop/UN-DP-07-longest-nonce", check_longest_nonce);
  UNIT_ADD_ROWS ("/dpop/UN-DP-08-error", errors, check_error);
  UNIT_ADD_ROWS ("/dpop/UN-DP-09-challenge", challenges, check_challenge);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-encoding.h"
#include "oauth/ta-identity.h"

#include "unit.h"

#define NOW 1000000
#define HEADER "eyJhbGciOiJSUzI1NiJ9"
#define ISSUER "https://server.example.com"
#define CLIENT_ID "s6BhdRkqt3"

/* The token of OpenID Connect Core 1.0 section 3.1.3.3. */
#define RFC_CLAIMS                                                                                 \
  "ewogImlzcyI6ICJodHRwOi8vc2VydmVyLmV4YW1wbGUuY29tIiwKICJzdWIiOiAiMjQ4Mjg5NzYxMDAxIiwKICJhdWQiOi" \
  "AiczZCaGRSa3F0MyIsCiAibm9uY2UiOiAibi0wUzZfV3pBMk1qIiwKICJleHAiOiAxMzExMjgxOTcwLAogImlhdCI6IDEz" \
  "MTEyODA5NzAKfQ"
#define RFC_TOKEN                                                                                  \
  "eyJhbGciOiJSUzI1NiIsImtpZCI6IjFlOWdkazcifQ." RFC_CLAIMS ".ggW8hZ1EuVLuxNuuIJKX_V8a"

static void
check_rfc (void)
{
  g_autofree char *subject
      = ta_identity_from_id_token (RFC_TOKEN, "http://server.example.com", CLIENT_ID, 1311280970);
  g_autofree char *any = ta_identity_from_id_token (RFC_TOKEN, NULL, CLIENT_ID, 1311280970);

  g_assert_cmpstr (subject, ==, "248289761001");
  g_assert_cmpstr (any, ==, "248289761001");
  g_assert_null (ta_identity_from_id_token (RFC_TOKEN, ISSUER, CLIENT_ID, 1311280970));
  g_assert_null (ta_identity_from_id_token (RFC_TOKEN, NULL, "other", 1311280970));
  g_assert_null (ta_identity_from_id_token (RFC_TOKEN, NULL, CLIENT_ID, 1411280970));
}

typedef struct
{
  const char *id;
  const char *claims;
  const char *subject; /* NULL: none */
} Claims;

#define ISS "\"iss\":\"https://server.example.com\","
#define AUD "\"aud\":\"s6BhdRkqt3\","
#define EXP "\"exp\":1000060"

static const Claims rows[] = {
  { "good", "{" ISS AUD "\"sub\":\"24400320\"," EXP "}", "24400320" },
  { "more", "{" ISS AUD "\"sub\":\"a\",\"email\":\"x\",\"y\":{\"sub\":\"b\"}," EXP "}", "a" },
  { "audiences", "{" ISS "\"aud\":[\"x\",7,\"s6BhdRkqt3\"],\"sub\":\"a\"," EXP "}", "a" },
  { "not-ascii", "{" ISS AUD "\"sub\":\"\xc3\xa9\"," EXP "}", "\xc3\xa9" },
  { "just-expired", "{" ISS AUD "\"sub\":\"a\",\"exp\":999500}", "a" },
  { "expired", "{" ISS AUD "\"sub\":\"a\",\"exp\":999400}", NULL },
  { "no-exp", "{" ISS AUD "\"sub\":\"a\"}", NULL },
  { "bad-exp", "{" ISS AUD "\"sub\":\"a\",\"exp\":[1000060]}", NULL },
  { "longest-exp", "{" ISS AUD "\"sub\":\"a\",\"exp\":9223372036854775807}", "a" },
  { "no-iss", "{" AUD "\"sub\":\"a\"," EXP "}", NULL },
  { "other-iss", "{\"iss\":\"https://attacker.example\"," AUD "\"sub\":\"a\"," EXP "}", NULL },
  { "iss-slash", "{\"iss\":\"https://server.example.com/\"," AUD "\"sub\":\"a\"," EXP "}", NULL },
  { "no-aud", "{" ISS "\"sub\":\"a\"," EXP "}", NULL },
  { "other-aud", "{" ISS "\"aud\":\"other\",\"sub\":\"a\"," EXP "}", NULL },
  { "other-audiences", "{" ISS "\"aud\":[\"x\",\"y\"],\"sub\":\"a\"," EXP "}", NULL },
  { "no-audiences", "{" ISS "\"aud\":[],\"sub\":\"a\"," EXP "}", NULL },
  { "aud-nested", "{" ISS "\"aud\":[[\"s6BhdRkqt3\"]],\"sub\":\"a\"," EXP "}", NULL },
  { "no-sub", "{" ISS AUD EXP "}", NULL },
  { "sub-empty", "{" ISS AUD "\"sub\":\"\"," EXP "}", NULL },
  { "sub-number", "{" ISS AUD "\"sub\":7," EXP "}", NULL },
  { "sub-nul", "{" ISS AUD "\"sub\":\"a\\u0000b\"," EXP "}", NULL },
  { "twice", "{" ISS AUD "\"sub\":\"a\",\"sub\":\"b\"," EXP "}", NULL },
  { "array", "[]", NULL },
  { "text", "a", NULL },
  { "empty", "", NULL },
};

static void
check_claims (gconstpointer data)
{
  const Claims *row = data;
  g_autofree char *encoded
      = ta_encoding_base64url ((const guint8 *) row->claims, strlen (row->claims));
  g_autofree char *jwt = g_strconcat (HEADER ".", encoded, ".c2ln", NULL);
  g_autofree char *unsigned_jwt = g_strconcat (HEADER ".", encoded, ".", NULL);
  g_autofree char *subject = ta_identity_from_id_token (jwt, ISSUER, CLIENT_ID, NOW);
  g_autofree char *same = ta_identity_from_id_token (unsigned_jwt, ISSUER, CLIENT_ID, NOW);

  g_assert_cmpstr (subject, ==, row->subject);
  g_assert_cmpstr (same, ==, row->subject);
}

typedef struct
{
  const char *id;
  const char *jwt;
} NoToken;

/* {"aud":"i","sub":"a","exp":9} is eyJhdWQiOiJpIiwic3ViIjoiYSIsImV4cCI6OX0. */
static const NoToken no_tokens[] = {
  { "empty", "" },
  { "dots", ".." },
  { "one-part", "eyJhdWQiOiJpIiwic3ViIjoiYSIsImV4cCI6OX0" },
  { "two-parts", HEADER ".eyJhdWQiOiJpIiwic3ViIjoiYSIsImV4cCI6OX0" },
  { "encrypted", HEADER ".eyJhdWQiOiJpIiwic3ViIjoiYSIsImV4cCI6OX0.a.b.c" },
  { "padded", HEADER ".eyJhdWQiOiJpIiwic3ViIjoiYSIsImV4cCI6OX0=.c2ln" },
  { "other-spelling", HEADER ".eyJhdWQiOiJpIiwic3ViIjoiYSIsImV4cCI6OX1.c2ln" },
  { "one-more", HEADER ".eyJhdWQiOiJpIiwic3ViIjoiYSIsImV4cCI6OX0ab.c2ln" },
  { "space", HEADER ".eyJhdWQiOiJpIiwic3ViIjoiYSIs ImV4cCI6OX0.c2ln" },
  { "line-end", HEADER ".eyJhdWQiOiJpIiwic3ViIjoiYSIsImV4cCI6OX0\n.c2ln" },
  { "not-ascii", HEADER ".\xc3\xa9.c2ln" },
  /* {"aud":"i","sub":"??>","exp":9} in the alphabet of RFC 4648 section 4, not 5 */
  { "other-alphabet", HEADER ".eyJhdWQiOiJpIiwic3ViIjoiPz8+IiwiZXhwIjo5fQ.c2ln" },
  { "nul", HEADER ".eyJhdWQiOiJpIiwic3ViIjoiYSIsImV4cCI6OX0A.c2ln" },
  { "plain", HEADER ".{\"aud\":\"i\",\"sub\":\"a\",\"exp\":9}.c2ln" },
};

static void
check_no_token (gconstpointer data)
{
  const NoToken *row = data;

  g_assert_null (ta_identity_from_id_token (row->jwt, NULL, "i", 1));
}

/* That it was only the spelling. */
static void
check_good_spelling (void)
{
  g_autofree char *subject = ta_identity_from_id_token (
      HEADER ".eyJhdWQiOiJpIiwic3ViIjoiYSIsImV4cCI6OX0.c2ln", NULL, "i", 1);
  g_autofree char *other = ta_identity_from_id_token (
      HEADER ".eyJhdWQiOiJpIiwic3ViIjoiPz8-IiwiZXhwIjo5fQ.c2ln", NULL, "i", 1);

  g_assert_cmpstr (subject, ==, "a");
  g_assert_cmpstr (other, ==, "?\?>");
}

/* The claims of a token in which both the subject and the whole can be too long. */
static char *
make_long_token (gsize subject_length, gsize padding_length)
{
  g_autofree char *subject = unit_repeat ("s", subject_length);
  g_autofree char *padding = unit_repeat ("p", padding_length);
  g_autofree char *claims
      = g_strdup_printf ("{\"aud\":\"i\",\"exp\":9,\"x\":\"%s\",\"sub\":\"%s\"}", padding, subject);
  g_autofree char *encoded = ta_encoding_base64url ((const guint8 *) claims, strlen (claims));

  return g_strconcat (HEADER ".", encoded, ".c2ln", NULL);
}

static void
check_length (void)
{
  g_autofree char *longest = make_long_token (255, 1);
  g_autofree char *longer = make_long_token (256, 1);
  g_autofree char *large = make_long_token (1, 32 * 1024);
  g_autofree char *larger = make_long_token (1, 64 * 1024);
  g_autofree char *subject = ta_identity_from_id_token (longest, NULL, "i", 1);
  g_autofree char *short_subject = ta_identity_from_id_token (large, NULL, "i", 1);

  g_assert_cmpuint (strlen (subject), ==, 255);
  g_assert_null (ta_identity_from_id_token (longer, NULL, "i", 1));
  g_assert_cmpstr (short_subject, ==, "s");
  g_assert_null (ta_identity_from_id_token (larger, NULL, "i", 1));
}

typedef struct
{
  const char *id;
  const char *json;
  const char *member;
  const char *subject; /* NULL: none */
} UserInfo;

static const UserInfo user_infos[] = {
  /* OpenID Connect Core 1.0 section 5.3.2. */
  { "rfc",
    "{\"sub\":\"248289761001\",\"name\":\"Jane Doe\",\"given_name\":\"Jane\","
    "\"family_name\":\"Doe\",\"preferred_username\":\"j.doe\",\"email\":\"janedoe@example.com\","
    "\"picture\":\"http://example.com/janedoe/me.jpg\"}",
    "sub", "248289761001" },
  { "number", "{\"id\":42}", "id", "42" },
  { "text-number", "{\"id\":\"042\"}", "id", "042" },
  { "zero", "{\"id\":0}", "id", "0" },
  { "largest", "{\"id\":9223372036854775807}", "id", "9223372036854775807" },
  { "not-ascii-member", "{\"\xc3\xa9\":\"a\"}", "\xc3\xa9", "a" },
  { "larger", "{\"id\":9223372036854775808}", "id", NULL },
  { "23-digits", "{\"id\":12345678901234567890123}", "id", NULL },
  { "negative", "{\"id\":-1}", "id", NULL },
  { "fraction", "{\"id\":1.5}", "id", NULL },
  { "true", "{\"id\":true}", "id", NULL },
  { "null", "{\"id\":null}", "id", NULL },
  { "empty-text", "{\"id\":\"\"}", "id", NULL },
  { "object", "{\"id\":{}}", "id", NULL },
  { "absent", "{\"id\":1}", "sub", NULL },
  { "nested", "{\"data\":{\"id\":1}}", "id", NULL },
  { "twice", "{\"id\":1,\"id\":2}", "id", NULL },
  { "array", "[{\"id\":1}]", "id", NULL },
  { "html", "<html>", "id", NULL },
  { "empty", "", "id", NULL },
};

static void
check_user_info (gconstpointer data)
{
  const UserInfo *row = data;
  g_autofree char *subject
      = ta_identity_from_user_info (row->json, strlen (row->json), row->member);

  g_assert_cmpstr (subject, ==, row->subject);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/UN-ID-01-rfc", check_rfc);
  UNIT_ADD_ROWS ("/identity/UN-ID-02-claims", rows, check_claims);
  UNIT_ADD_ROWS ("/identity/UN-ID-03-no-token", no_tokens, check_no_token);
  g_test_add_func ("/identity/UN-ID-04-good-spelling", check_good_spelling);
  g_test_add_func ("/identity/UN-ID-05-length", check_length);
  UNIT_ADD_ROWS ("/identity/UN-ID-06-user-info", user_infos, check_user_info);
  return g_test_run ();
}

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

/* (nullable) */
static char *
take_subject (TaIdentity *identity)
{
  g_autoptr (TaIdentity) owned = identity;

  return owned == NULL ? NULL : g_strdup (owned->subject);
}

static char *
find_subject (const char *jwt, const char *issuer, const char *client_id, gint64 now)
{
  return take_subject (ta_identity_from_id_token (jwt, issuer, client_id, now));
}

static void
check_rfc (void)
{
  g_autofree char *subject
      = find_subject (RFC_TOKEN, "http://server.example.com", CLIENT_ID, 1311280970);
  g_autofree char *any = find_subject (RFC_TOKEN, NULL, CLIENT_ID, 1311280970);

  g_assert_cmpstr (subject, ==, "248289761001");
  g_assert_cmpstr (any, ==, "248289761001");
  g_assert_null (find_subject (RFC_TOKEN, ISSUER, CLIENT_ID, 1311280970));
  g_assert_null (find_subject (RFC_TOKEN, NULL, "other", 1311280970));
  g_assert_null (find_subject (RFC_TOKEN, NULL, CLIENT_ID, 1411280970));
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
  g_autofree char *subject = find_subject (jwt, ISSUER, CLIENT_ID, NOW);
  g_autofree char *same = find_subject (unsigned_jwt, ISSUER, CLIENT_ID, NOW);

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

  g_assert_null (find_subject (row->jwt, NULL, "i", 1));
}

/* That it was only the spelling. */
static void
check_good_spelling (void)
{
  g_autofree char *subject
      = find_subject (HEADER ".eyJhdWQiOiJpIiwic3ViIjoiYSIsImV4cCI6OX0.c2ln", NULL, "i", 1);
  g_autofree char *other
      = find_subject (HEADER ".eyJhdWQiOiJpIiwic3ViIjoiPz8-IiwiZXhwIjo5fQ.c2ln", NULL, "i", 1);

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
  g_autofree char *subject = find_subject (longest, NULL, "i", 1);
  g_autofree char *short_subject = find_subject (large, NULL, "i", 1);

  g_assert_cmpuint (strlen (subject), ==, 255);
  g_assert_null (find_subject (longer, NULL, "i", 1));
  g_assert_cmpstr (short_subject, ==, "s");
  g_assert_null (find_subject (larger, NULL, "i", 1));
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
  g_autofree char *subject = take_subject (
      ta_identity_from_user_info (row->json, strlen (row->json), "https://a/me", row->member));

  g_assert_cmpstr (subject, ==, row->subject);
}

/* Of an ID token it is its issuer, whether or not that was to be a certain one; of user info, its
 * address and the member. */
static void
check_sources (void)
{
  const char *info = "{\"sub\":\"248289761001\"}";
  g_autofree char *issuer = unit_repeat ("i", 4097);
  g_autofree char *claims
      = g_strdup_printf ("{\"iss\":\"%s\",\"aud\":\"i\",\"sub\":\"a\",\"exp\":9}", issuer);
  g_autofree char *encoded = ta_encoding_base64url ((const guint8 *) claims, strlen (claims));
  g_autofree char *long_issuer = g_strconcat (HEADER ".", encoded, ".c2ln", NULL);
  g_autoptr (TaIdentity) any = ta_identity_from_id_token (RFC_TOKEN, NULL, CLIENT_ID, 1311280970);
  g_autoptr (TaIdentity) one
      = ta_identity_from_id_token (RFC_TOKEN, "http://server.example.com", CLIENT_ID, 1311280970);
  g_autoptr (TaIdentity) nobody = ta_identity_from_id_token (
      HEADER ".eyJhdWQiOiJpIiwic3ViIjoiYSIsImV4cCI6OX0.c2ln", NULL, "i", 1);
  g_autoptr (TaIdentity) there
      = ta_identity_from_user_info (info, strlen (info), "https://a/me", "sub");

  g_assert_cmpstr (any->source, ==, "id_token http://server.example.com");
  g_assert_cmpstr (one->source, ==, any->source);
  g_assert_cmpstr (nobody->source, ==, "id_token ");
  g_assert_cmpstr (there->source, ==, "user_info https://a/me#sub");
  g_assert_null (find_subject (long_issuer, NULL, "i", 1));
}

static void
check_contradiction (void)
{
  g_autoptr (TaIdentity) ada = ta_identity_new ("id_token a", "ada");
  g_autoptr (TaIdentity) again = ta_identity_new ("id_token a", "ada");
  g_autoptr (TaIdentity) grace = ta_identity_new ("id_token a", "grace");
  g_autoptr (TaIdentity) elsewhere = ta_identity_new ("id_token b", "7");

  g_assert_false (ta_identity_contradicts (ada, again));
  g_assert_true (ta_identity_contradicts (ada, grace));
  g_assert_false (ta_identity_contradicts (ada, elsewhere));
}

typedef struct
{
  const char *id;
  const char *source; /* of what is known */
  const char *path;   /* of user info */
  const char *member;
  const char *issuer;
  const char *scope;
  gboolean is_due;
} Due;

static const Due dues[] = {
  { "user-info", "user_info https://a/me#id", "me", "id", NULL, "a", TRUE },
  { "user-info-and-token", "user_info https://a/me#id", "me", "id", "https://i", "openid", TRUE },
  { "other-member", "user_info https://a/me#id", "me", "sub", NULL, "a", FALSE },
  { "other-path", "user_info https://a/me#id", "you", "id", NULL, "a", FALSE },
  { "no-path", "user_info https://a/me#id", NULL, "id", NULL, "a", FALSE },
  { "token-instead", "user_info https://a/me#id", NULL, "id", "https://i", "openid", FALSE },
  { "any-token-instead", "user_info https://a/me#id", NULL, "id", NULL, "openid", FALSE },
  { "token", "id_token https://i", NULL, "sub", "https://i", "openid", TRUE },
  { "any-token", "id_token https://i", NULL, "sub", NULL, "openid", TRUE },
  { "other-issuer", "id_token https://i", NULL, "sub", "https://j", "openid", FALSE },
  { "not-asked-for", "id_token https://i", NULL, "sub", "https://i", "a", FALSE },
  { "user-info-instead", "id_token https://i", "me", "sub", "https://i", "openid", FALSE },
};

static void
check_due (gconstpointer data)
{
  const Due *row = data;
  const char *const scopes[] = { "contacts", row->scope, NULL };
  g_autoptr (TaIdentity) known = ta_identity_new (row->source, "7");
  const TaProvider provider = { .base_uri = (char *) "https://a/",
                                .issuer = (char *) row->issuer,
                                .user_info_path = (char *) row->path,
                                .user_info_member = (char *) row->member };

  g_assert_cmpint (ta_identity_is_due (known, &provider, scopes), ==, row->is_due);
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
  g_test_add_func ("/identity/UN-ID-07-sources", check_sources);
  g_test_add_func ("/identity/UN-ID-08-contradiction", check_contradiction);
  UNIT_ADD_ROWS ("/identity/UN-ID-09-due", dues, check_due);
  return g_test_run ();
}

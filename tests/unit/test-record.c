/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "oauth/ta-record-text.h"

#include "unit.h"

static TaToken *
make_token (const char *refresh_token)
{
  const char *const scopes[] = { "read", "wr\"ite", NULL };

  return ta_token_new (TA_TOKEN_BEARER, "access\"\\", refresh_token, scopes,
                       (TaInstant){ .wall = 1000 }, 4600);
}

/* NULL: nobody said. */
static void
assert_identity (const TaRecord *record, const char *subject)
{
  g_assert_cmpstr (record->identity == NULL ? NULL : record->identity->subject, ==, subject);
}

static void
assert_same (const TaRecord *record, const TaRecord *other)
{
  g_assert_cmpstr (record->account, ==, other->account);
  g_assert_cmpstr (record->provider, ==, other->provider);
  assert_identity (record, other->identity == NULL ? NULL : other->identity->subject);
  g_assert_cmpstr (record->identity == NULL ? NULL : record->identity->source, ==,
                   other->identity == NULL ? NULL : other->identity->source);
  g_assert_cmpstr (record->server, ==, other->server);
  g_assert_cmpstr (record->client_id, ==, other->client_id);
  g_assert_cmpint (record->signed_in_at, ==, other->signed_in_at);
  g_assert_cmpint (record->refreshed_at, ==, other->refreshed_at);
  g_assert_cmpint (record->generation, ==, other->generation);
  g_assert_cmpint (record->refused, ==, other->refused);
  g_assert_cmpint (record->intent, ==, other->intent);
  g_assert_cmpint (record->is_widened, ==, other->is_widened);
  g_assert_true (g_strv_equal ((const char *const *) record->requested_scopes,
                               (const char *const *) other->requested_scopes));
  g_assert_true (
      ta_secret_equals (record->token->access_token, ta_secret_peek (other->token->access_token)));
  g_assert_cmpstr (
      record->token->refresh_token == NULL ? NULL : ta_secret_peek (record->token->refresh_token),
      ==,
      other->token->refresh_token == NULL ? NULL : ta_secret_peek (other->token->refresh_token));
  g_assert_cmpstr (record->token->type, ==, other->token->type);
  g_assert_cmpstr (
      record->token->dpop_key == NULL ? NULL : ta_secret_peek (record->token->dpop_key), ==,
      other->token->dpop_key == NULL ? NULL : ta_secret_peek (other->token->dpop_key));
  g_assert_cmpint (record->token->issued.wall, ==, other->token->issued.wall);
  g_assert_cmpint (record->token->expires_at, ==, other->token->expires_at);
  g_assert_true (g_strv_equal ((const char *const *) record->token->scopes,
                               (const char *const *) other->token->scopes));
}

static void
assert_round_trip (const TaRecord *record)
{
  g_autoptr (TaSecret) text = ta_record_text_print (record);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaRecord) parsed = ta_record_text_parse (ta_secret_peek (text), &error);

  g_assert_no_error (error);
  assert_same (parsed, record);
}

static void
check_round_trip (void)
{
  g_autoptr (TaToken) token = make_token ("refresh");
  g_autoptr (TaToken) later = make_token (NULL);
  g_autoptr (TaRecord) record = ta_record_new ("anna@example.com", "tidio", token, 1000, NULL);
  g_autoptr (TaRecord) refreshed = ta_record_refresh (record, later, 2000);
  g_autoptr (TaRecord) refused = ta_record_refuse (refreshed);
  g_autoptr (TaRecord) intended = ta_record_intend (refreshed, 2500);

  g_assert_cmpint (intended->generation, ==, refreshed->generation);
  g_assert_false (ta_record_is_newer (intended, refreshed));
  assert_round_trip (intended);
  assert_round_trip (record);
  assert_round_trip (refreshed);
  assert_round_trip (refused);
}

/* Who signed in stays known until the next sign-in, which may be another person's. */
static void
check_subject (void)
{
  g_autoptr (TaToken) token = make_token ("refresh");
  g_autoptr (TaRecord) unknown = ta_record_new ("anna", "tidio", token, 1000, NULL);
  g_autoptr (TaRecord) intended = ta_record_intend (unknown, 1500);
  g_autoptr (TaIdentity) jane = ta_identity_new ("user_info https://a/me#sub", "248289761001");
  g_autoptr (TaIdentity) other = ta_identity_new ("\"\xc3\xa9", "\"\xc3\xa9\x1f");
  g_autoptr (TaRecord) record = ta_record_with_identity (intended, jane);
  g_autoptr (TaRecord) refreshed = ta_record_refresh (record, token, 2000);
  g_autoptr (TaRecord) refused = ta_record_refuse (refreshed);
  g_autoptr (TaRecord) known_again = ta_record_with_identity (refused, other);
  g_autoptr (TaRecord) forgotten = ta_record_with_identity (refused, NULL);
  g_autoptr (TaRecord) again = ta_record_new ("anna", "tidio", token, 3000, refused);

  assert_identity (unknown, NULL);
  assert_identity (record, "248289761001");
  g_assert_cmpint (record->generation, ==, unknown->generation);
  g_assert_cmpint (record->intent, ==, 1500);
  assert_identity (refreshed, "248289761001");
  assert_identity (refused, "248289761001");
  g_assert_true (known_again->refused);
  assert_identity (forgotten, NULL);
  assert_identity (again, NULL);
  assert_round_trip (record);
  assert_round_trip (refreshed);
  assert_round_trip (refused);
  assert_round_trip (known_again);
  assert_round_trip (forgotten);
}

static TaRecord *
refresh_with (const TaRecord *record, const char *scopes)
{
  g_auto (GStrv) words = g_strsplit (scopes, " ", -1);
  g_autoptr (TaToken) token = make_token ("refresh");
  g_autoptr (TaToken) granted = ta_token_with_scopes (token, (const char *const *) words);

  return ta_record_refresh (record, granted, 2000);
}

static void
assert_scopes (const TaRecord *record, const char *requested, const char *granted)
{
  g_autofree char *requested_words = g_strjoinv (" ", record->requested_scopes);
  g_autofree char *granted_words = g_strjoinv (" ", record->token->scopes);

  g_assert_cmpstr (requested_words, ==, requested);
  g_assert_cmpstr (granted_words, ==, granted);
  assert_round_trip (record);
}

/* RFC 6749 section 5.1 and 6. */
static void
check_scopes (void)
{
  const char *const asked[] = { "read", "delete", NULL };
  const char *const none[] = { NULL };
  g_autoptr (TaToken) told = make_token ("refresh");
  g_autoptr (TaToken) untold = ta_token_with_scopes (told, none);
  g_autoptr (TaRecord) plain = ta_record_new ("anna", "tidio", told, 1000, NULL);
  g_autoptr (TaRecord) silent = ta_record_new ("anna", "tidio", untold, 1000, NULL);
  g_autoptr (TaRecord) record = ta_record_with_request (plain, asked);
  g_autoptr (TaRecord) as_asked = ta_record_with_request (silent, asked);
  g_autoptr (TaRecord) refused = ta_record_refuse (as_asked);
  g_autoptr (TaRecord) narrowed = refresh_with (record, "delete");
  g_autoptr (TaRecord) widened = refresh_with (narrowed, "admin read");
  g_autoptr (TaRecord) later = refresh_with (widened, "read");
  g_autoptr (TaRecord) learned = refresh_with (silent, "read");
  g_autoptr (TaRecord) again = ta_record_new ("anna", "tidio", told, 3000, widened);

  assert_scopes (plain, "", "read wr\"ite");
  assert_scopes (record, "read delete", "read wr\"ite");
  assert_scopes (as_asked, "read delete", "read delete");
  assert_scopes (refused, "read delete", "read delete");
  assert_scopes (narrowed, "read delete", "delete");
  assert_scopes (widened, "read delete", "read");
  assert_scopes (learned, "", "read");
  assert_scopes (again, "", "read wr\"ite");
  g_assert_cmpint (record->generation, ==, plain->generation);
  g_assert_false (narrowed->is_widened);
  g_assert_true (widened->is_widened);
  g_assert_true (later->is_widened);
  g_assert_false (learned->is_widened);
  g_assert_false (again->is_widened);
}

/* Who gave the tokens, and to which client, stays known until the next sign-in, which may be at
 * another server. */
static void
check_server (void)
{
  g_autoptr (TaToken) token = make_token ("refresh");
  g_autoptr (TaRecord) unknown = ta_record_new ("anna", "tidio", token, 1000, NULL);
  g_autoptr (TaRecord) refused = ta_record_refuse (unknown);
  g_autoptr (TaRecord) record = ta_record_with_origin (refused, "https://h", "client");
  g_autoptr (TaRecord) refreshed = ta_record_refresh (record, token, 2000);
  g_autoptr (TaRecord) intended = ta_record_intend (refreshed, 2500);
  g_autoptr (TaIdentity) identity = ta_identity_new ("https://h/me", "248289761001");
  g_autoptr (TaRecord) named = ta_record_with_identity (intended, identity);
  g_autoptr (TaRecord) again = ta_record_new ("anna", "tidio", token, 3000, named);

  g_assert_null (unknown->server);
  g_assert_true (record->refused);
  g_assert_cmpint (record->generation, ==, refused->generation);
  g_assert_cmpstr (named->server, ==, "https://h");
  g_assert_cmpint (named->intent, ==, 2500);
  g_assert_cmpstr (named->client_id, ==, "client");
  g_assert_null (unknown->client_id);
  g_assert_null (again->server);
  g_assert_null (again->client_id);
  assert_round_trip (record);
  assert_round_trip (named);
}

/* The key stays with the token, whatever the token's type is. */
static void
check_key (void)
{
  const char *const types[] = { TA_TOKEN_BEARER, TA_TOKEN_DPOP };
  const char *const scopes[] = { NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (TaSecret) key = ta_secret_new ("-----BEGIN\nab/+=\n-----END\n");
      g_autoptr (TaToken) token
          = ta_token_new (types[i], "a", "b", scopes, (TaInstant){ .wall = 1 }, 2);
      g_autoptr (TaToken) bound = ta_token_bind (token, key, FALSE, NULL);
      g_autoptr (TaRecord) record = ta_record_new ("a", "tidio", bound, 1, NULL);
      g_autoptr (TaRecord) refused = ta_record_refuse (record);
      g_autoptr (TaSecret) text = ta_record_text_print (refused);

      assert_round_trip (refused);
      g_assert_nonnull (strstr (ta_secret_peek (text), "\"dpop_key\":\"-----BEGIN\\nab/"));
    }
}

/* The largest that a provider can grant can be kept. */
static void
check_largest (void)
{
  g_autofree char *text = unit_repeat ("\"", 16384);
  g_autofree char *scope = unit_repeat ("\\", 4096);
  char longest_asked[257] = "";
  const char *const scopes[] = { scope, NULL };
  g_autoptr (TaToken) token
      = ta_token_new (TA_TOKEN_BEARER, text, text, scopes, (TaInstant){ .wall = 1 }, 2);
  g_autoptr (TaRecord) record = ta_record_new ("a", "tidio", token, 1, NULL);
  g_autoptr (TaRecord) asked = NULL;
  const char *requested[65] = { NULL };

  memset (longest_asked, '"', 256);
  for (int i = 0; i < 64; i++)
    requested[i] = longest_asked;
  asked = ta_record_with_request (record, requested);
  assert_round_trip (record);
  assert_round_trip (asked);
}

static void
check_most_scopes (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) scopes = NULL;
  g_autoptr (TaToken) token = NULL;
  g_autoptr (TaRecord) record = NULL;

  for (int i = 0; i < 2048; i++)
    g_strv_builder_add (builder, "a");
  scopes = g_strv_builder_end (builder);
  token = ta_token_new (TA_TOKEN_BEARER, "a", "b", (const char *const *) scopes,
                        (TaInstant){ .wall = 1 }, 2);
  record = ta_record_new ("a", "tidio", token, 1, NULL);
  assert_round_trip (record);
}

static void
check_steps (void)
{
  g_autoptr (TaToken) token = make_token ("refresh");
  g_autoptr (TaToken) later = make_token ("refresh-2");
  g_autoptr (TaRecord) record = ta_record_new ("anna", "tidio", token, 1000, NULL);
  g_autoptr (TaRecord) refreshed = ta_record_refresh (record, later, 2000);
  g_autoptr (TaRecord) refused = ta_record_refuse (refreshed);
  g_autoptr (TaRecord) again = ta_record_new ("anna", "tidio", token, 3000, refused);

  g_assert_cmpint (record->signed_in_at, ==, 1000);
  g_assert_cmpint (record->refreshed_at, ==, 0);
  g_assert_false (record->refused);
  g_assert_cmpint (refreshed->signed_in_at, ==, 1000);
  g_assert_cmpint (refreshed->refreshed_at, ==, 2000);
  g_assert_true (refreshed->token == later);
  g_assert_true (refused->refused);
  g_assert_true (refused->token == later);
  g_assert_cmpint (refused->refreshed_at, ==, 2000);
  g_assert_false (again->refused);
  g_assert_cmpint (again->signed_in_at, ==, 3000);
  g_assert_cmpint (again->refreshed_at, ==, 0);
  g_assert_cmpint (record->generation, <, refreshed->generation);
  g_assert_cmpint (refreshed->generation, <, refused->generation);
  g_assert_cmpint (refused->generation, <, again->generation);
}

typedef struct
{
  const char *id;
  gint64 signed_in_at;
  gint64 generation;
  gint64 other_signed_in_at;
  gint64 other_generation;
  gboolean newer;
} Order;

static const Order orders[] = {
  { "same", 1000, 5, 1000, 5, FALSE },
  { "later-generation", 1000, 6, 1000, 5, TRUE },
  { "earlier-generation", 1000, 5, 1000, 6, FALSE },
  { "later-sign-in", 1001, 1, 1000, 50, TRUE },
  { "earlier-sign-in", 1000, 50, 1001, 1, FALSE },
};

static void
check_order (gconstpointer data)
{
  const Order *row = data;
  TaRecord record = { .signed_in_at = row->signed_in_at, .generation = row->generation };
  TaRecord other = { .signed_in_at = row->other_signed_in_at, .generation = row->other_generation };

  g_assert_cmpint (ta_record_is_newer (&record, &other), ==, row->newer);
}

typedef struct
{
  const char *id;
  const char *name;  /* the member that is replaced */
  const char *value; /* NULL: left out */
} Damage;

static const Damage damages[] = {
  { "version-future", "version", "2" },
  { "version-past", "version", "0" },
  { "version-none", "version", NULL },
  { "version-null", "version", "null" },
  { "account-none", "account", NULL },
  { "account-empty", "account", "\"\"" },
  { "account-path", "account", "\"../a\"" },
  { "account-not-ascii", "account", "\"\xc3\xa9\"" },
  { "account-number", "account", "1" },
  { "provider-none", "provider", NULL },
  { "provider-path", "provider", "\"a/b\"" },
  { "access-none", "access_token", NULL },
  { "access-empty", "access_token", "\"\"" },
  { "access-line-end", "access_token", "\"a\\r\\nX: y\"" },
  { "access-array", "access_token", "[\"a\"]" },
  { "refresh-empty", "refresh_token", "\"\"" },
  { "refresh-space", "refresh_token", "\"a b\"" },
  { "type-none", "token_type", NULL },
  { "type-other", "token_type", "\"mac\"" },
  { "type-case", "token_type", "\"dpop\"" },
  { "key-empty", "dpop_key", "\"\"" },
  { "key-null", "dpop_key", "null" },
  { "key-number", "dpop_key", "7" },
  { "key-array", "dpop_key", "[\"k\"]" },
  { "issued-none", "issued_at", NULL },
  { "issued-word", "issued_at", "\"now\"" },
  { "issued-negative", "issued_at", "-9223372036854775807" },
  { "expires-none", "expires_at", NULL },
  { "expires-negative", "expires_at", "-1" },
  { "expires-fraction", "expires_at", "1.5" },
  { "signed-in-none", "signed_in_at", NULL },
  { "refreshed-none", "refreshed_at", NULL },
  { "generation-none", "generation", NULL },
  { "generation-negative", "generation", "-1" },
  { "generation-last", "generation", "9223372036854775807" },
  { "refused-none", "refused", NULL },
  { "refused-word", "refused", "\"yes\"" },
  { "scopes-none", "scopes", NULL },
  { "scopes-text", "scopes", "\"read\"" },
  { "scopes-number", "scopes", "[\"read\",1]" },
  { "scopes-null", "scopes", "[null]" },
};

static const Damage bad_knowledge[] = {
  { "subject-number", "subject", "\"subject\":7,\"subject_source\":\"id_token \"" },
  { "subject-from-nowhere", "subject", "\"subject\":\"7\"" },
  { "source-null", "subject_source", "\"subject\":\"7\",\"subject_source\":null" },
  { "requested-number", "requested_scopes", "\"requested_scopes\":[7]" },
  { "requested-text", "requested_scopes", "\"requested_scopes\":\"read\"" },
  { "widened-text", "widened", "\"widened\":\"x\"" },
};

static const Damage whole[] = {
  { "version", "version", "1" },           { "account", "account", "\"anna\"" },
  { "provider", "provider", "\"tidio\"" }, { "signed-in", "signed_in_at", "1000" },
  { "refreshed", "refreshed_at", "0" },    { "generation", "generation", "1" },
  { "refused", "refused", "0" },           { "access", "access_token", "\"CANARY\"" },
  { "refresh", "refresh_token", "\"b\"" }, { "type", "token_type", "\"Bearer\"" },
  { "issued", "issued_at", "1000" },       { "expires", "expires_at", "4600" },
  { "scopes", "scopes", "[\"read\"]" },    { "key", "dpop_key", "\"k\"" },
};

/* A whole record but for one member. */
static char *
print_damaged (const char *name, const char *value)
{
  GString *text = g_string_new ("{\"other\":1");

  for (gsize i = 0; i < G_N_ELEMENTS (whole); i++)
    {
      const char *kept = g_str_equal (whole[i].name, name) ? value : whole[i].value;

      if (kept != NULL)
        g_string_append_printf (text, ",\"%s\":%s", whole[i].name, kept);
    }
  g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

/* A login counts for more than what is known of it. */
static void
check_bad_knowledge (gconstpointer data)
{
  const Damage *row = data;
  g_autofree char *text = print_damaged ("none", NULL);
  g_autofree char *members = g_strndup (text, strlen (text) - 1);
  g_autofree char *damaged = g_strconcat (members, ",", row->value, "}", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaRecord) record = ta_record_text_parse (damaged, &error);

  g_assert_no_error (error);
  assert_identity (record, NULL);
  g_assert_null (*record->requested_scopes);
  g_assert_false (record->is_widened);
}

static void
check_damage (gconstpointer data)
{
  const Damage *row = data;
  g_autofree char *text = print_damaged (row->name, row->value);
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_record_text_parse (text, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_STORAGE_CORRUPT);
  g_assert_null (strstr (error->message, "CANARY"));
}

/* So that the damaged ones are refused for their damage and nothing else. */
static void
check_undamaged (gconstpointer data)
{
  const Damage *row = data;
  g_autofree char *text = print_damaged (row->name, row->value);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaRecord) record = ta_record_text_parse (text, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (record->account, ==, "anna");
}

static void
check_no_refresh_token (void)
{
  g_autofree char *text = print_damaged ("refresh_token", NULL);
  g_autoptr (TaRecord) record = ta_record_text_parse (text, NULL);

  g_assert_nonnull (record);
  g_assert_null (record->token->refresh_token);
}

static const Damage bindings[] = {
  { "key-of-bearer-none", "dpop_key", NULL },
  { "type-of-key", "token_type", "\"DPoP\"" },
};

static void
check_binding (gconstpointer data)
{
  const Damage *row = data;
  g_autofree char *text = print_damaged (row->name, row->value);
  g_autoptr (TaRecord) record = ta_record_text_parse (text, NULL);

  g_assert_nonnull (record);
  g_assert_cmpint (record->token->dpop_key != NULL, ==, row->value != NULL);
  g_assert_cmpint (ta_token_is_bound (record->token), ==, row->value != NULL);
}

/* A token that is bound to a key cannot be used without it. */
static void
check_missing_key (void)
{
  g_autofree char *named = print_damaged ("dpop_key", NULL);
  g_auto (GStrv) parts = g_strsplit (named, "\"Bearer\"", 2);
  g_autofree char *without = g_strjoinv ("\"DPoP\"", parts);
  g_autofree char *long_key = unit_repeat ("k", 4097);
  g_autofree char *quoted = g_strconcat ("\"", long_key, "\"", NULL);
  g_autofree char *large = print_damaged ("dpop_key", quoted);

  g_assert_null (ta_record_text_parse (without, NULL));
  g_assert_null (ta_record_text_parse (large, NULL));
}

typedef struct
{
  const char *id;
  const char *text;
} Text;

static const Text no_records[] = {
  { "empty", "" },
  { "null", "null" },
  { "array", "[]" },
  { "object", "{}" },
  { "plain-text", "secret" },
  { "not-utf-8", "{\"version\":1,\"account\":\"\xff\"}" },
};

static void
check_no_record (gconstpointer data)
{
  const Text *row = data;
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_record_text_parse (row->text, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_STORAGE_CORRUPT);
}

static void
check_bombs (void)
{
  g_autofree char *deep = unit_repeat ("[", 100000);
  g_autofree char *large = unit_repeat (" ", 1024 * 1024);
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_record_text_parse (deep, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_STORAGE_CORRUPT);
  g_assert_null (ta_record_text_parse (large, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/UN-RC-01-round-trip", check_round_trip);
  g_test_add_func ("/record/UN-RC-02-largest", check_largest);
  g_test_add_func ("/record/UN-RC-03-most-scopes", check_most_scopes);
  g_test_add_func ("/record/UN-RC-04-steps", check_steps);
  UNIT_ADD_ROWS ("/record/UN-RC-05-order", orders, check_order);
  UNIT_ADD_ROWS ("/record/UN-RC-06-damage", damages, check_damage);
  UNIT_ADD_ROWS ("/record/UN-RC-07-undamaged", whole, check_undamaged);
  g_test_add_func ("/record/UN-RC-08-no-refresh-token", check_no_refresh_token);
  UNIT_ADD_ROWS ("/record/UN-RC-09-no-record", no_records, check_no_record);
  g_test_add_func ("/record/UN-RC-10-bombs", check_bombs);
  g_test_add_func ("/record/UN-RC-11-subject", check_subject);
  UNIT_ADD_ROWS ("/record/UN-RC-12-bad-knowledge", bad_knowledge, check_bad_knowledge);
  g_test_add_func ("/record/UN-RC-13-key", check_key);
  g_test_add_func ("/record/UN-RC-16-scopes", check_scopes);
  UNIT_ADD_ROWS ("/record/UN-RC-14-binding", bindings, check_binding);
  g_test_add_func ("/record/UN-RC-15-missing-key", check_missing_key);
  g_test_add_func ("/record/UN-RC-17-server", check_server);
  return g_test_run ();
}

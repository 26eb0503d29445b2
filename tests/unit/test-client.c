/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "oauth/ta-client.h"

#include "unit.h"

typedef struct
{
  const char *id;
  const char *provider;
  const char *client_id;
  const char *secret;
} Parts;

static const Parts good[] = {
  { "confidential", "tidio", "my-id", "my-secret" },
  { "public", "tidio", "my-id", NULL },
  { "characters", "a.B_c-d@e", " !\"\\~", " !\"\\~" },
  { "short", "t", "i", "s" },
};

static void
assert_round_trip (const TaClient *client)
{
  g_autoptr (TaSecret) text = ta_client_print (client);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaClient) parsed = ta_client_parse (ta_secret_peek (text), &error);

  g_assert_no_error (error);
  g_assert_cmpstr (parsed->provider, ==, client->provider);
  g_assert_cmpstr (parsed->id, ==, client->id);
  g_assert_cmpstr (parsed->secret == NULL ? NULL : ta_secret_peek (parsed->secret), ==,
                   client->secret == NULL ? NULL : ta_secret_peek (client->secret));
}

static void
check_round_trip (gconstpointer data)
{
  const Parts *row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaClient) client = ta_client_new (row->provider, row->client_id, row->secret, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (client->id, ==, row->client_id);
  assert_round_trip (client);
}

static void
check_empty_secret (void)
{
  g_autoptr (TaClient) client = ta_client_new ("tidio", "i", "", NULL);

  g_assert_nonnull (client);
  g_assert_null (client->secret);
}

static void
check_length (void)
{
  g_autofree char *longest = unit_repeat ("a", 4096);
  g_autofree char *longer = unit_repeat ("a", 4097);
  g_autoptr (TaClient) client = ta_client_new ("tidio", longest, longest, NULL);

  g_assert_nonnull (client);
  assert_round_trip (client);
  g_assert_null (ta_client_new ("tidio", longer, NULL, NULL));
  g_assert_null (ta_client_new ("tidio", "i", longer, NULL));
}

/* What is accepted can be kept, even if every character takes two in JSON. */
static void
check_largest (void)
{
  g_autofree char *quotes = unit_repeat ("\"", 4096);
  g_autoptr (TaClient) client = ta_client_new ("tidio", quotes, quotes, NULL);

  g_assert_nonnull (client);
  assert_round_trip (client);
}

static const Parts bad[] = {
  { "id-empty", "tidio", "", "s" },
  { "id-line-end", "tidio", "i\n", "s" },
  { "id-control", "tidio", "i\x01", "s" },
  { "id-delete", "tidio", "i\x7f", "s" },
  { "id-not-ascii", "tidio", "\xc3\xa9", "s" },
  { "secret-line-end", "tidio", "i", "CANARY\n" },
  { "secret-header", "tidio", "i", "CANARY\r\nX: y" },
  { "secret-not-ascii", "tidio", "i", "CANARY\xc3\xa9" },
  { "secret-not-utf-8", "tidio", "i", "CANARY\xff" },
  { "provider-empty", "", "i", "s" },
  { "provider-path", "../tidio", "i", "s" },
};

static void
check_bad (gconstpointer data)
{
  const Parts *row = data;
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_client_new (row->provider, row->client_id, row->secret, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
  g_assert_null (strstr (error->message, "CANARY"));
}

typedef struct
{
  const char *id;
  const char *text;
} Text;

static const Text damaged[] = {
  { "empty", "" },
  { "plain-text", "CANARY" },
  { "array", "[\"CANARY\"]" },
  { "object", "{}" },
  { "no-id", "{\"provider\":\"tidio\",\"client_secret\":\"CANARY\"}" },
  { "no-provider", "{\"client_id\":\"i\",\"client_secret\":\"CANARY\"}" },
  { "id-number", "{\"provider\":\"tidio\",\"client_id\":1}" },
  { "id-empty", "{\"provider\":\"tidio\",\"client_id\":\"\"}" },
  { "provider-path", "{\"provider\":\"../a\",\"client_id\":\"i\"}" },
  { "secret-line-end",
    "{\"provider\":\"tidio\",\"client_id\":\"i\",\"client_secret\":\"CANARY\\n\"}" },
  { "cut", "{\"provider\":\"tidio\",\"client_id\":\"i\",\"client_secret\":\"CANARY" },
};

static void
check_damaged (gconstpointer data)
{
  const Text *row = data;
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_client_parse (row->text, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_STORAGE_CORRUPT);
  g_assert_null (strstr (error->message, "CANARY"));
}

static void
check_owners (void)
{
  TaClient *client = ta_client_new ("tidio", "i", "s", NULL);
  TaClient *other = ta_client_ref (client);

  ta_client_unref (client);
  g_assert_cmpstr (other->id, ==, "i");
  ta_client_unref (other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/client/UN-CL-01-round-trip", good, check_round_trip);
  g_test_add_func ("/client/UN-CL-02-empty-secret", check_empty_secret);
  g_test_add_func ("/client/UN-CL-03-length", check_length);
  g_test_add_func ("/client/UN-CL-04-largest", check_largest);
  UNIT_ADD_ROWS ("/client/UN-CL-05-bad", bad, check_bad);
  UNIT_ADD_ROWS ("/client/UN-CL-06-damaged", damaged, check_damaged);
  g_test_add_func ("/client/UN-CL-07-owners", check_owners);
  return g_test_run ();
}

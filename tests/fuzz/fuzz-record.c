/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-client.h"
#include "oauth/ta-encoding.h"
#include "oauth/ta-provider.h"
#include "oauth/ta-record-text.h"

#include "fuzz.h"

/* What the Secret Service gives back, an account or a client: it can be used, and is the same when
 * it was stored and read once more. */

static void
check_record (const TaRecord *record)
{
  g_autoptr (TaSecret) text = ta_record_text_print (record);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaRecord) again = ta_record_text_parse (ta_secret_peek (text), &error);
  g_autoptr (TaSecret) same = NULL;

  g_assert_true (ta_provider_is_id (record->account));
  g_assert_true (ta_provider_is_id (record->provider));
  fuzz_check_visible (ta_secret_peek (record->token->access_token));
  g_assert_cmpint (record->generation, >=, 0);
  g_assert_cmpint (record->intent, >=, 0);
  g_assert_no_error (error);
  same = ta_record_text_print (again);
  g_assert_cmpstr (ta_secret_peek (same), ==, ta_secret_peek (text));
}

static void
check_client (const TaClient *client)
{
  g_autoptr (TaSecret) text = ta_client_print (client);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaClient) again = ta_client_parse (ta_secret_peek (text), &error);

  g_assert_true (ta_provider_is_id (client->provider));
  g_assert_true (ta_encoding_is_vschars (client->id));
  g_assert_no_error (error);
  g_assert_cmpstr (again->id, ==, client->id);
  g_assert_true ((again->secret == NULL) == (client->secret == NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  g_autofree char *text = fuzz_take_text (&input);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) client_error = NULL;
  g_autoptr (TaRecord) record = ta_record_text_parse (text, &error);
  g_autoptr (TaClient) client = ta_client_parse (text, &client_error);

  if (record == NULL)
    fuzz_check_error (error);
  else
    check_record (record);
  if (client == NULL)
    fuzz_check_error (client_error);
  else
    check_client (client);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-encoding.h"
#include "oauth/ta-record-text.h"
#include "oauth/ta-token-response.h"

#include "fuzz.h"

/* The answer to a token request: a token that may go into a header, a lifetime that can be, and a
 * refresh token wherever there was one, scopes that may be shown; and a record that stores all of
 * it. */

#define NOW G_GINT64_CONSTANT (1700000000)
#define TEN_YEARS G_GINT64_CONSTANT (315360000)

static const guint statuses[] = { 200, 400, 401, 201, 302, 408, 429, 503, 0, 999, 415 };

/* What the answer follows: a code, a token that can be refreshed, one that cannot. */
static TaToken *
new_previous (guint kind)
{
  const char *const scopes[] = { "contacts", NULL };

  if (kind == 0)
    return NULL;
  return ta_token_new (TA_TOKEN_BEARER, "old", kind == 1 ? "old-refresh" : NULL, scopes,
                       (TaInstant){ .wall = NOW - 60 }, NOW);
}

static void
check_record (TaToken *token)
{
  g_autoptr (TaRecord) record = ta_record_new ("tidio", "tidio", token, NOW, NULL);
  g_autoptr (TaSecret) text = ta_record_text_print (record);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaRecord) again = ta_record_text_parse (ta_secret_peek (text), &error);
  g_autoptr (TaSecret) same = NULL;

  g_assert_no_error (error);
  same = ta_record_text_print (again);
  g_assert_cmpstr (ta_secret_peek (same), ==, ta_secret_peek (text));
}

static void
check_token (const TaToken *token, const TaToken *previous)
{
  g_autoptr (TaSecret) key = ta_secret_new ("key");
  g_autoptr (TaToken) bound = ta_token_bind (token, key, FALSE, NULL);
  g_autoptr (TaToken) required = ta_token_bind (token, key, TRUE, NULL);

  g_assert_true ((required != NULL) == g_str_equal (token->type, TA_TOKEN_DPOP));
  g_assert_true (ta_token_is_text (ta_secret_peek (token->access_token)));
  fuzz_check_visible (ta_secret_peek (token->access_token));
  if (token->refresh_token != NULL)
    fuzz_check_visible (ta_secret_peek (token->refresh_token));
  g_assert_true (previous == NULL || previous->refresh_token == NULL
                 || token->refresh_token != NULL);
  g_assert_true (g_str_equal (token->type, TA_TOKEN_BEARER)
                 || g_str_equal (token->type, TA_TOKEN_DPOP));
  g_assert_true (token->expires_at == 0
                 || (token->expires_at > NOW && token->expires_at <= NOW + TEN_YEARS));
  for (int i = 0; token->scopes[i] != NULL; i++)
    {
      g_assert_true (ta_encoding_is_scope (token->scopes[i]));
      fuzz_check_visible (token->scopes[i]);
    }
  check_record (bound);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  guint status = statuses[fuzz_take_choice (&input, G_N_ELEMENTS (statuses))];
  g_autoptr (TaToken) previous = new_previous (fuzz_take_choice (&input, 3));
  g_autofree char *body = fuzz_take_bytes (&input);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaToken) token = ta_token_response_parse (
      status, body, input.left, (TaInstant){ .wall = NOW }, previous, &error);
  g_autoptr (TaSecret) id_token = ta_token_response_find_id_token (body, input.left);

  if (token == NULL)
    fuzz_check_error (error);
  else
    {
      g_assert_true (status >= 200 && status <= 299);
      check_token (token, previous);
    }
  if (id_token != NULL)
    g_assert_true (g_utf8_validate (ta_secret_peek (id_token), -1, NULL));
  return 0;
}

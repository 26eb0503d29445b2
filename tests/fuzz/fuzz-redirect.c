/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-redirect.h"
#include "oauth/ta-encoding.h"

#include "fuzz.h"

/* The query of an authorization response, from a browser or pasted: what is admitted has one state,
 * survives being written anew, and does not survive a second state; what is believed has one result
 * and is of the server that was asked. */

#define REDIRECT_URI "http://localhost:3000/callback"
#define CODE_MAX 4096
#define ISSUER "https://as.example"

static const char provider_file[] = "[Provider]\n"
                                    "Issuer=" ISSUER "\n"
                                    "[Api]\n"
                                    "BaseUri=https://api.example/\n";

static void
check_parts (const TaRedirect *redirect)
{
  g_autoptr (GError) error = ta_redirect_get_error (redirect);

  fuzz_check_printable (ta_secret_peek (redirect->state));
  g_assert_cmpuint (strlen (ta_secret_peek (redirect->state)), <=, CODE_MAX);
  g_assert_cmpuint (strlen (ta_secret_peek (redirect->state)), >, 0);
  g_assert_true (redirect->code != NULL || error != NULL);
  if (error != NULL)
    fuzz_check_error (error);
  if (redirect->code != NULL)
    {
      fuzz_check_printable (ta_secret_peek (redirect->code));
      g_assert_cmpuint (strlen (ta_secret_peek (redirect->code)), <=, CODE_MAX);
    }
}

static void
check_belief (const TaRedirect *redirect)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider
      = ta_provider_parse ("tidio", provider_file, strlen (provider_file), NULL);

  if (!ta_redirect_check (redirect, provider, &error))
    {
      fuzz_check_error (error);
      return;
    }
  g_assert_true ((redirect->code == NULL) != (redirect->failure == NULL));
  g_assert_true (redirect->issuer == NULL || g_str_equal (redirect->issuer, ISSUER));
}

static void
check_again (const TaRedirect *redirect)
{
  g_autoptr (GString) query = g_string_new (NULL);
  g_autoptr (TaRedirect) again = NULL;

  ta_encoding_add_field (query, "state", ta_secret_peek (redirect->state));
  if (redirect->code != NULL)
    ta_encoding_add_field (query, "code", ta_secret_peek (redirect->code));
  if (redirect->failure != NULL)
    ta_encoding_add_field (query, "error", redirect->failure);
  if (redirect->issuer != NULL)
    ta_encoding_add_field (query, "iss", redirect->issuer);
  again = ta_redirect_parse (query->str);
  g_assert_nonnull (again);
  g_assert_true (ta_secret_equals (again->state, ta_secret_peek (redirect->state)));
  if (redirect->code != NULL)
    g_assert_true (ta_secret_equals (again->code, ta_secret_peek (redirect->code)));
  g_assert_cmpstr (again->issuer, ==, redirect->issuer);
}

/* `has_code`: or else an error. */
static void
check_more (const char *query, gboolean has_code)
{
  const char *const repeated[]
      = { "&state=x", "&state", "&code=&code=", has_code ? "&code=x" : "&error=x" };
  g_autofree char *unknown = g_strconcat (query, "&session_state=x&unknown", NULL);
  g_autoptr (TaRedirect) ignored = ta_redirect_parse (unknown);

  g_assert_nonnull (ignored);
  for (gsize i = 0; i < G_N_ELEMENTS (repeated); i++)
    {
      g_autofree char *more = g_strconcat (query, repeated[i], NULL);

      g_assert_null (ta_redirect_parse (more));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  gboolean is_pasted = fuzz_take_choice (&input, 2) == 1;
  g_autofree char *text = fuzz_take_text (&input);
  g_autofree char *query
      = is_pasted ? ta_redirect_find_query (text, REDIRECT_URI) : g_strdup (text);
  g_autoptr (TaRedirect) redirect = query == NULL ? NULL : ta_redirect_parse (query);

  if (is_pasted && query != NULL)
    {
      g_assert_true (g_str_has_prefix (text, REDIRECT_URI "?"));
      g_assert_null (strchr (query, '#'));
    }
  if (redirect != NULL)
    {
      check_parts (redirect);
      check_belief (redirect);
      check_again (redirect);
      check_more (query, redirect->code != NULL);
    }
  return 0;
}

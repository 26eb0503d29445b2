/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-encoding.h"
#include "oauth/ta-identity.h"

#include "fuzz.h"

/* An ID token, as it is received or with claims that are encoded first: it is for us, not over, and
 * names its subject within bounds, or it says nothing. */

#define NOW G_GINT64_CONSTANT (1700000000)
#define SOURCE_MAX (4096 + 16)

static void
check_bounds (const TaIdentity *identity)
{
  g_assert_true (g_utf8_validate (identity->subject, -1, NULL));
  g_assert_true (*identity->subject != '\0' && strlen (identity->subject) <= 255);
  g_assert_true (g_utf8_validate (identity->source, -1, NULL));
  g_assert_cmpuint (strlen (identity->source), <=, SOURCE_MAX);
  g_assert_false (ta_identity_contradicts (identity, identity));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  gboolean is_claims = fuzz_take_choice (&input, 2) == 0;
  g_autofree char *encoded = ta_encoding_base64url ((const guint8 *) input.at, input.left);
  g_autofree char *jwt = is_claims
                             ? g_strconcat ("eyJhbGciOiJSUzI1NiJ9.", encoded, ".c2lnbmF0dXJl", NULL)
                             : fuzz_take_text (&input);
  g_autoptr (TaIdentity) identity
      = ta_identity_from_id_token (jwt, "https://as.example", "client-1", NOW);
  g_autoptr (TaIdentity) other
      = ta_identity_from_id_token (jwt, "https://evil.example", "client-1", NOW);
  g_autoptr (TaIdentity) any = ta_identity_from_id_token (jwt, NULL, "client-1", NOW);

  if (identity != NULL)
    {
      check_bounds (identity);
      g_assert_null (other);
      g_assert_nonnull (any);
      g_assert_cmpstr (any->source, ==, identity->source);
      g_assert_cmpstr (any->subject, ==, identity->subject);
    }
  if (any != NULL)
    check_bounds (any);
  return 0;
}

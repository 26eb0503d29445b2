/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-encoding.h"
#include "ta-sandbox-grants.h"

/* What takes too long to wait for, or is too rare, in the running program. */

#define NOW (1000 * G_USEC_PER_SEC)

static TaSandboxGrant *
make_grant (void)
{
  return ta_sandbox_grant_new ("client", "http://localhost/callback", NULL, NULL);
}

static void
test_code_expires (void)
{
  const struct
  {
    gint64 seconds;
    gboolean good;
  } rows[] = { { 0, TRUE }, { 59, TRUE }, { 60, FALSE }, { 600, FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TaSandboxGrants) grants = ta_sandbox_grants_new ();
      g_autoptr (TaSandboxGrant) grant = make_grant ();
      g_autofree char *code = ta_sandbox_grants_issue_code (grants, grant, NOW);
      g_autoptr (TaSandboxGrant) redeemed = NULL;
      gboolean reused;

      g_test_message ("after %d seconds", (int) rows[i].seconds);
      redeemed = ta_sandbox_grants_redeem_code (grants, code, "client",
                                                NOW + rows[i].seconds * G_USEC_PER_SEC, &reused);
      g_assert_true ((redeemed == grant) == rows[i].good);
      g_assert_false (reused);
    }
}

static void
test_stale_is_forgotten (void)
{
  g_autoptr (TaSandboxGrants) grants = ta_sandbox_grants_new ();
  g_autoptr (TaSandboxGrant) grant = make_grant ();
  g_autofree char *old_code = ta_sandbox_grants_issue_code (grants, grant, NOW);
  g_autofree char *token = ta_sandbox_grants_issue_access (grants, grant, 60, NOW);
  g_autoptr (TaSandboxGrant) later = make_grant ();
  g_autofree char *new_code
      = ta_sandbox_grants_issue_code (grants, later, NOW + 61 * G_USEC_PER_SEC);
  gboolean reused;

  g_assert_null (ta_sandbox_grants_redeem_code (grants, old_code, "client", NOW, &reused));
  g_assert_false (ta_sandbox_grants_accept_access (grants, token, NOW));
  g_assert_nonnull (new_code);
}

static void
test_access_lifetime (void)
{
  g_autoptr (TaSandboxGrants) grants = ta_sandbox_grants_new ();
  g_autoptr (TaSandboxGrant) grant = make_grant ();
  g_autofree char *short_token = ta_sandbox_grants_issue_access (grants, grant, 10, NOW);
  g_autofree char *endless_token = ta_sandbox_grants_issue_access (grants, grant, 0, NOW);

  g_assert_true (
      ta_sandbox_grants_accept_access (grants, short_token, NOW + 10 * G_USEC_PER_SEC - 1));
  g_assert_false (
      ta_sandbox_grants_accept_access (grants, short_token, NOW + 10 * G_USEC_PER_SEC));
  g_assert_true (ta_sandbox_grants_accept_access (grants, endless_token, G_MAXINT64 - 1));
}

static void
test_code_challenge (void)
{
  /* RFC 7636 appendix B. */
  g_autofree char *challenge
      = ta_sandbox_encoding_code_challenge ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");

  g_assert_cmpstr (challenge, ==, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sandbox/grants/code-expires", test_code_expires);
  g_test_add_func ("/sandbox/grants/stale-is-forgotten", test_stale_is_forgotten);
  g_test_add_func ("/sandbox/grants/access-lifetime", test_access_lifetime);
  g_test_add_func ("/sandbox/encoding/code-challenge", test_code_challenge);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"

#include "unit.h"

typedef struct
{
  const char *id; /* what the interface calls it, behind org.tidio.Auth.Error. */
  TaError code;
  gboolean needs_user;
  gboolean is_transient;
} Name;

static const Name names[] = {
  { "SignInRequired", TA_ERROR_SIGN_IN_REQUIRED, TRUE, FALSE },
  { "InteractionRequired", TA_ERROR_INTERACTION_REQUIRED, TRUE, FALSE },
  { "StorageLocked", TA_ERROR_STORAGE_LOCKED, TRUE, FALSE },
  { "SignInDenied", TA_ERROR_SIGN_IN_DENIED, TRUE, FALSE },
  { "SignInCancelled", TA_ERROR_SIGN_IN_CANCELLED, TRUE, FALSE },
  { "SignInTimeout", TA_ERROR_SIGN_IN_TIMEOUT, TRUE, FALSE },
  { "WrongAccount", TA_ERROR_WRONG_ACCOUNT, TRUE, FALSE },
  { "Network", TA_ERROR_NETWORK, FALSE, TRUE },
  { "Timeout", TA_ERROR_TIMEOUT, FALSE, TRUE },
  { "ServerError", TA_ERROR_SERVER_ERROR, FALSE, TRUE },
  { "RateLimited", TA_ERROR_RATE_LIMITED, FALSE, TRUE },
  { "Busy", TA_ERROR_BUSY, FALSE, TRUE },
  { "StorageUnavailable", TA_ERROR_STORAGE_UNAVAILABLE, FALSE, TRUE },
  { "SignInInProgress", TA_ERROR_SIGN_IN_IN_PROGRESS, FALSE, TRUE },
  { "PortUnavailable", TA_ERROR_PORT_UNAVAILABLE, FALSE, TRUE },
  { "NotConfigured", TA_ERROR_NOT_CONFIGURED, FALSE, FALSE },
  { "NoSuchAccount", TA_ERROR_NO_SUCH_ACCOUNT, FALSE, FALSE },
  { "NotAuthorized", TA_ERROR_NOT_AUTHORIZED, FALSE, FALSE },
  { "SignInFailed", TA_ERROR_SIGN_IN_FAILED, FALSE, FALSE },
  { "BrowserFailed", TA_ERROR_BROWSER_FAILED, FALSE, FALSE },
  { "Tls", TA_ERROR_TLS, FALSE, FALSE },
  { "InvalidResponse", TA_ERROR_INVALID_RESPONSE, FALSE, FALSE },
  { "ClientRejected", TA_ERROR_CLIENT_REJECTED, FALSE, FALSE },
  { "PathNotAllowed", TA_ERROR_PATH_NOT_ALLOWED, FALSE, FALSE },
  { "ResponseTooLarge", TA_ERROR_RESPONSE_TOO_LARGE, FALSE, FALSE },
  { "StorageCorrupt", TA_ERROR_STORAGE_CORRUPT, FALSE, FALSE },
  { "NotSupported", TA_ERROR_NOT_SUPPORTED, FALSE, FALSE },
  { "Failed", TA_ERROR_FAILED, FALSE, FALSE },
};

static void
check_name (gconstpointer data)
{
  const Name *row = data;
  g_autoptr (GError) error = g_error_new_literal (TA_ERROR, row->code, "Text");
  g_autofree char *expected = g_strconcat ("org.tidio.Auth.Error.", row->id, NULL);
  g_autofree char *name = g_dbus_error_encode_gerror (error);
  g_autoptr (GError) received = g_dbus_error_new_for_dbus_error (expected, "Text");

  g_assert_cmpstr (name, ==, expected);
  g_assert_error (received, TA_ERROR, (int) row->code);
  g_assert_cmpint (ta_error_needs_user (error), ==, row->needs_user);
  g_assert_cmpint (ta_error_is_transient (error), ==, row->is_transient);
}

static void
check_no_code_without_name (void)
{
  g_assert_cmpuint (G_N_ELEMENTS (names), ==, TA_ERROR_N_CODES);
}

/* The codes of two domains are the same small numbers. */
static void
check_other_domain (void)
{
  for (int code = 0; code < TA_ERROR_N_CODES; code++)
    {
      g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, code, "Text");

      g_assert_false (ta_error_needs_user (error));
      g_assert_false (ta_error_is_transient (error));
    }
}

typedef struct
{
  const char *id;
  const char *text;
  const char *quoted;
} Quote;

static const Quote quotes[] = {
  { "plain", "invalid_scope", "invalid_scope" },
  { "empty", "", "" },
  { "line-ends", "a\r\nb\n<6>c", "a??b?<6>c" },
  { "escape-sequence", "\x1b[31mred", "?[31mred" },
  { "delete", "a\x7f", "a?" },
  { "not-ascii", "\xc3\xa9", "??" },
  { "not-utf-8", "\xff\xfe", "??" },
  { "format", "%n%s", "%n%s" },
};

static void
check_quote (gconstpointer data)
{
  const Quote *row = data;
  g_autofree char *quoted = ta_error_quote (row->text);

  g_assert_cmpstr (quoted, ==, row->quoted);
}

static void
check_quote_length (void)
{
  g_autofree char *text = unit_repeat ("x", 10240);
  g_autofree char *quoted = ta_error_quote (text);

  g_assert_cmpuint (strlen (quoted), ==, 80);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/error/UN-ER-01-name", names, check_name);
  g_test_add_func ("/error/UN-ER-02-no-code-without-name", check_no_code_without_name);
  g_test_add_func ("/error/UN-ER-03-other-domain", check_other_domain);
  UNIT_ADD_ROWS ("/error/UN-ER-04-quote", quotes, check_quote);
  g_test_add_func ("/error/UN-ER-05-quote-length", check_quote_length);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "oauth/ta-token.h"

#include "unit.h"

#define ISSUED 1000

static TaToken *
make_in_run (const char *refresh_token, gint64 expires_at, gint64 issued_boot)
{
  const char *const scopes[] = { "read", NULL };
  const TaInstant issued = { .wall = ISSUED, .boot = issued_boot };

  return ta_token_new (TA_TOKEN_BEARER, "access", refresh_token, scopes, issued, expires_at);
}

/* As it is read from the store: of the boot clock nothing is known. */
static TaToken *
make (const char *refresh_token, gint64 expires_at)
{
  return make_in_run (refresh_token, expires_at, 0);
}

typedef struct
{
  const char *id;
  gint64 expires_at;
  gint64 now;
  gint64 min_validity;
  gboolean fresh;
  gboolean valid;
} Moment;

static const Moment moments[] = {
  /* 60 s before the end, or a tenth of the lifetime if that is less. */
  { "CL-03-hour-just", ISSUED + 3600, ISSUED + 3539, TA_TOKEN_DEFAULT_VALIDITY, TRUE, TRUE },
  { "CL-03-hour-no-more", ISSUED + 3600, ISSUED + 3540, TA_TOKEN_DEFAULT_VALIDITY, FALSE, TRUE },
  { "CL-03-600-just", ISSUED + 600, ISSUED + 539, TA_TOKEN_DEFAULT_VALIDITY, TRUE, TRUE },
  { "CL-03-600-no-more", ISSUED + 600, ISSUED + 540, TA_TOKEN_DEFAULT_VALIDITY, FALSE, TRUE },
  { "CL-03-61-start", ISSUED + 61, ISSUED, TA_TOKEN_DEFAULT_VALIDITY, TRUE, TRUE },
  { "CL-03-61-just", ISSUED + 61, ISSUED + 54, TA_TOKEN_DEFAULT_VALIDITY, TRUE, TRUE },
  { "CL-03-61-no-more", ISSUED + 61, ISSUED + 55, TA_TOKEN_DEFAULT_VALIDITY, FALSE, TRUE },
  { "CL-03-30-start", ISSUED + 30, ISSUED, TA_TOKEN_DEFAULT_VALIDITY, TRUE, TRUE },
  { "CL-03-30-just", ISSUED + 30, ISSUED + 26, TA_TOKEN_DEFAULT_VALIDITY, TRUE, TRUE },
  { "CL-03-30-no-more", ISSUED + 30, ISSUED + 27, TA_TOKEN_DEFAULT_VALIDITY, FALSE, TRUE },
  { "CL-03-1-start", ISSUED + 1, ISSUED, TA_TOKEN_DEFAULT_VALIDITY, TRUE, TRUE },
  { "CL-03-1-over", ISSUED + 1, ISSUED + 1, TA_TOKEN_DEFAULT_VALIDITY, FALSE, FALSE },
  { "asked-just", ISSUED + 3600, ISSUED + 3299, 300, TRUE, TRUE },
  { "asked-no-more", ISSUED + 3600, ISSUED + 3300, 300, FALSE, TRUE },
  { "asked-none-just", ISSUED + 3600, ISSUED + 3599, 0, TRUE, TRUE },
  { "asked-none-over", ISSUED + 3600, ISSUED + 3600, 0, FALSE, FALSE },
  { "asked-beyond-lifetime", ISSUED + 3600, ISSUED, 3600, FALSE, TRUE },
  { "asked-most", ISSUED + 3600, ISSUED, G_MAXUINT32, FALSE, TRUE },
  { "long-over", ISSUED + 3600, ISSUED + 1000000, TA_TOKEN_DEFAULT_VALIDITY, FALSE, FALSE },
  /* A wall clock that was set back says nothing: renew, and if that fails let the server decide. */
  { "CL-clock-before-issue", ISSUED + 3600, 0, TA_TOKEN_DEFAULT_VALIDITY, FALSE, TRUE },
  { "CL-clock-a-little-before", ISSUED + 3600, ISSUED - 60, TA_TOKEN_DEFAULT_VALIDITY, TRUE, TRUE },
  { "CL-clock-too-much-before", ISSUED + 3600, ISSUED - 61, TA_TOKEN_DEFAULT_VALIDITY, FALSE,
    TRUE },
  { "ended-before-issue", ISSUED - 500, ISSUED - 480, TA_TOKEN_DEFAULT_VALIDITY, FALSE, FALSE },
  { "unknown-start", 0, ISSUED, TA_TOKEN_DEFAULT_VALIDITY, TRUE, TRUE },
  { "unknown-hour-just", 0, ISSUED + 3599, TA_TOKEN_DEFAULT_VALIDITY, TRUE, TRUE },
  { "unknown-hour-no-more", 0, ISSUED + 3600, TA_TOKEN_DEFAULT_VALIDITY, FALSE, TRUE },
  { "CL-unknown-clock-before-issue", 0, 0, TA_TOKEN_DEFAULT_VALIDITY, FALSE, TRUE },
};

static void
check_moment (gconstpointer data)
{
  const Moment *row = data;
  g_autoptr (TaToken) token = make ("refresh", row->expires_at);

  const TaInstant now = { .wall = row->now, .boot = 5 };

  g_assert_cmpint (ta_token_is_fresh (token, now, row->min_validity), ==, row->fresh);
  g_assert_cmpint (ta_token_is_valid (token, now), ==, row->valid);
}

typedef struct
{
  const char *id;
  gint64 wall; /* since the issue */
  gint64 boot;
  gboolean fresh;
  gboolean valid;
} Jump;

/* A token of an hour, got in this run: the clock that says more counts. */
static const Jump jumps[] = {
  { "none", 100, 100, TRUE, TRUE },
  { "CL-forward-two-days", 172800, 100, FALSE, FALSE },
  { "CL-back-two-days", -172800, 100, TRUE, TRUE },
  { "CL-back-and-over", -172800, 3600, FALSE, FALSE },
  { "CL-1970-and-over", -ISSUED, 4000, FALSE, FALSE },
  { "CL-02-suspended", 4000, 4000, FALSE, FALSE },
  { "CL-02-suspended-with-a-stopped-clock", 10, 4000, FALSE, FALSE },
};

static void
check_jump (gconstpointer data)
{
  const Jump *row = data;
  g_autoptr (TaToken) token = make_in_run ("refresh", ISSUED + 3600, 50);
  const TaInstant now = { .wall = ISSUED + row->wall, .boot = 50 + row->boot };

  g_assert_cmpint (ta_token_is_fresh (token, now, TA_TOKEN_DEFAULT_VALIDITY), ==, row->fresh);
  g_assert_cmpint (ta_token_is_valid (token, now), ==, row->valid);
}

/* There is nothing to refresh it with, and the server decides. */
static void
check_unknown_without_refresh (void)
{
  g_autoptr (TaToken) token = make (NULL, 0);
  const TaInstant late = { .wall = ISSUED + 1000000, .boot = 1 };
  const TaInstant early = { .wall = 0, .boot = 1 };

  g_assert_true (ta_token_is_fresh (token, late, TA_TOKEN_DEFAULT_VALIDITY));
  g_assert_true (ta_token_is_valid (token, late));
  g_assert_true (ta_token_is_fresh (token, early, TA_TOKEN_DEFAULT_VALIDITY));
  g_assert_true (ta_token_is_valid (token, early));
}

typedef struct
{
  const char *id;
  const char *text;
  gboolean good;
} Text;

static const Text texts[] = {
  { "plain", "abc-._~+/=019", TRUE },
  { "bounds", "!~", TRUE },
  { "JS-05-empty", "", FALSE },
  { "JS-05-header", "a\r\nX: y", FALSE },
  { "JS-05-line-end", "a\n", FALSE },
  { "JS-05-space", "a b", FALSE },
  { "JS-05-space-behind", "a ", FALSE },
  { "JS-05-tab", "a\tb", FALSE },
  { "JS-05-control", "a\x01", FALSE },
  { "JS-05-delete", "a\x7f", FALSE },
  { "JS-05-not-ascii", "a\xc3\xa9", FALSE },
  { "JS-05-not-utf-8", "\xff", FALSE },
};

static void
check_text (gconstpointer data)
{
  const Text *row = data;

  g_assert_cmpint (ta_token_is_text (row->text), ==, row->good);
}

static void
check_text_length (void)
{
  g_autofree char *longest = unit_repeat ("a", 16384);
  g_autofree char *longer = unit_repeat ("a", 16385);

  g_assert_true (ta_token_is_text (longest));
  g_assert_false (ta_token_is_text (longer));
}

static void
check_copies (void)
{
  char scope[] = "read";
  const char *const scopes[] = { scope, NULL };
  TaToken *token
      = ta_token_new (TA_TOKEN_BEARER, "access", NULL, scopes, (TaInstant){ .wall = 1 }, 2);
  g_autoptr (TaToken) other = ta_token_ref (token);

  scope[0] = 'X';
  ta_token_unref (token);
  g_assert_cmpstr (ta_secret_peek (other->access_token), ==, "access");
  g_assert_null (other->refresh_token);
  g_assert_cmpstr (other->type, ==, "Bearer");
  g_assert_cmpstr (other->scopes[0], ==, "read");
  g_assert_cmpint (other->issued.wall, ==, 1);
  g_assert_cmpint (other->expires_at, ==, 2);
}

typedef struct
{
  const char *id;
  const char *type;
  gboolean has_key; /* the request had a proof */
  gboolean is_required;
  gboolean good;
} Binding;

/* RFC 9449 section 5. */
static const Binding bindings[] = {
  { "bearer", TA_TOKEN_BEARER, FALSE, FALSE, TRUE },
  { "bearer-offered", TA_TOKEN_BEARER, TRUE, FALSE, TRUE },
  { "bearer-required", TA_TOKEN_BEARER, TRUE, TRUE, FALSE },
  { "bearer-required-without-proof", TA_TOKEN_BEARER, FALSE, TRUE, FALSE },
  { "TK-05-dpop-without-proof", TA_TOKEN_DPOP, FALSE, FALSE, FALSE },
  { "dpop-offered", TA_TOKEN_DPOP, TRUE, FALSE, TRUE },
  { "dpop-required", TA_TOKEN_DPOP, TRUE, TRUE, TRUE },
};

static void
check_binding (gconstpointer data)
{
  const Binding *row = data;
  const char *const scopes[] = { "read", NULL };
  const TaInstant issued = { .wall = 1, .boot = 3 };
  g_autoptr (TaSecret) key = row->has_key ? ta_secret_new ("key") : NULL;
  g_autoptr (TaToken) token = ta_token_new (row->type, "CANARY", "refresh", scopes, issued, 2);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaToken) bound = ta_token_bind (token, key, row->is_required, &error);

  if (!row->good)
    {
      g_assert_null (bound);
      unit_assert_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE);
      g_assert_null (strstr (error->message, "CANARY"));
      return;
    }
  g_assert_no_error (error);
  g_assert_true (bound->dpop_key == key);
  g_assert_cmpstr (bound->type, ==, row->type);
  g_assert_cmpint (ta_token_is_bound (bound), ==, g_str_equal (row->type, "DPoP"));
  g_assert_cmpstr (ta_secret_peek (bound->access_token), ==, "CANARY");
  g_assert_cmpstr (ta_secret_peek (bound->refresh_token), ==, "refresh");
  g_assert_cmpstr (bound->scopes[0], ==, "read");
  g_assert_cmpint (bound->issued.wall, ==, 1);
  g_assert_cmpint (bound->issued.boot, ==, 3);
  g_assert_cmpint (bound->expires_at, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/token/UN-TO-01-moment", moments, check_moment);
  g_test_add_func ("/token/UN-TO-02-unknown-without-refresh", check_unknown_without_refresh);
  UNIT_ADD_ROWS ("/token/UN-TO-03-text", texts, check_text);
  g_test_add_func ("/token/UN-TO-04-text-length", check_text_length);
  g_test_add_func ("/token/UN-TO-05-copies", check_copies);
  UNIT_ADD_ROWS ("/token/UN-TO-06-jump", jumps, check_jump);
  UNIT_ADD_ROWS ("/token/UN-TO-07-binding", bindings, check_binding);
  return g_test_run ();
}

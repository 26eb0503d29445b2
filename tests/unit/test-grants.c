/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-grants.h"

#include "unit.h"

/* Lists of permissions stand in these tables with "|" between them. */

typedef struct
{
  const char *id;
  const char *text;
  gboolean good;
} Text;

static const Text texts[] = {
  { "token", "token", TRUE },
  { "deny", "deny", TRUE },
  { "all", "* /*", TRUE },
  { "read", "GET /*", TRUE },
  { "exact", "GET /contacts", TRUE },
  { "below", "DELETE /contacts/*", TRUE },
  { "begins", "HEAD /con*", TRUE },
  { "every-method", "* /contacts", TRUE },
  { "root", "PATCH /", TRUE },
  { "escaped", "PUT /a%20b/@me", TRUE },
  { "longest", NULL, TRUE },
  { "too-long", NULL, FALSE },
  { "empty", "", FALSE },
  { "method", "GET", FALSE },
  { "method-space", "GET ", FALSE },
  { "path", "/contacts", FALSE },
  { "space-path", " /contacts", FALSE },
  { "lower", "get /contacts", FALSE },
  { "unknown-method", "CONNECT /contacts", FALSE },
  { "two-methods", "GETPOST /contacts", FALSE },
  { "relative", "GET contacts", FALSE },
  { "two-spaces", "GET  /contacts", FALSE },
  { "space-in-path", "GET /a b", FALSE },
  { "star-inside", "GET /a*b", FALSE },
  { "star-segment", "GET /a/*/b", FALSE },
  { "two-stars", "GET /a**", FALSE },
  { "star-alone", "*", FALSE },
  { "query", "GET /a?b", FALSE },
  { "fragment", "GET /a#b", FALSE },
  { "backslash", "GET /a\\b", FALSE },
  { "line-end", "GET /a\n", FALSE },
  { "control", "GET /\033[2J", FALSE },
  { "high", "GET /\303\251", FALSE },
  { "Token", "Token", FALSE },
  { "token-space", "token ", FALSE },
};

static void
check_text (gconstpointer data)
{
  const Text *row = data;
  g_autofree char *path = unit_repeat ("a", row->good ? 1023 : 1024);
  g_autofree char *text
      = row->text != NULL ? g_strdup (row->text) : g_strconcat ("GET /", path, NULL);

  g_assert_cmpint (ta_grants_is_permission (text), ==, row->good);
}

typedef struct
{
  const char *id;
  const char *permissions;
  const char *method;
  const char *path;
  TaVerdict verdict;
} Call;

static const Call calls[] = {
  { "none", "", "GET", "/contacts", TA_VERDICT_NONE },
  { "token-only", "token", "GET", "/contacts", TA_VERDICT_NONE },
  { "all", "* /*", "DELETE", "/contacts/1", TA_VERDICT_ALLOWED },
  { "all-root", "* /*", "GET", "/", TA_VERDICT_ALLOWED },
  { "read", "GET /*|HEAD /*", "GET", "/contacts", TA_VERDICT_ALLOWED },
  { "read-head", "GET /*|HEAD /*", "HEAD", "/contacts", TA_VERDICT_ALLOWED },
  { "DB-02-read-post", "GET /*|HEAD /*", "POST", "/contacts", TA_VERDICT_NONE },
  { "get-is-not-head", "GET /*", "HEAD", "/contacts", TA_VERDICT_NONE },
  { "method-begins", "PUT /*", "PU", "/contacts", TA_VERDICT_NONE },
  { "method-longer", "PUT /*", "PUTS", "/contacts", TA_VERDICT_NONE },
  { "every-method", "* /contacts", "PUT", "/contacts", TA_VERDICT_ALLOWED },
  { "exact", "GET /contacts", "GET", "/contacts", TA_VERDICT_ALLOWED },
  { "exact-longer", "GET /contacts", "GET", "/contacts/1", TA_VERDICT_NONE },
  { "exact-shorter", "GET /contacts", "GET", "/contact", TA_VERDICT_NONE },
  { "exact-slash", "GET /contacts", "GET", "/contacts/", TA_VERDICT_NONE },
  { "below", "GET /contacts/*", "GET", "/contacts/1/notes", TA_VERDICT_ALLOWED },
  { "below-nothing", "GET /contacts/*", "GET", "/contacts/", TA_VERDICT_ALLOWED },
  { "below-itself", "GET /contacts/*", "GET", "/contacts", TA_VERDICT_NONE },
  { "below-other", "GET /contacts/*", "GET", "/contacts-export", TA_VERDICT_NONE },
  { "begins", "GET /contacts*", "GET", "/contacts-export", TA_VERDICT_ALLOWED },
  { "escaped", "GET /contacts", "GET", "/%63ontacts", TA_VERDICT_NONE },
  { "escaped-slash", "GET /contacts/*", "GET", "/contacts%2F1", TA_VERDICT_NONE },
  { "case", "GET /contacts", "GET", "/Contacts", TA_VERDICT_NONE },
  { "second", "GET /a|GET /b", "GET", "/b", TA_VERDICT_ALLOWED },
  { "mixed", "GET /a|POST /b", "POST", "/a", TA_VERDICT_NONE },
  { "deny", "deny", "GET", "/contacts", TA_VERDICT_DENIED },
  { "deny-wins", "* /*|deny", "GET", "/contacts", TA_VERDICT_DENIED },
  { "bad-star", "GET /*/x", "GET", "/a/x", TA_VERDICT_NONE },
  { "bad-text", "yes|no|GET|*", "GET", "/a", TA_VERDICT_NONE },
};

static void
check_call (gconstpointer data)
{
  const Call *row = data;
  g_auto (GStrv) permissions = g_strsplit (row->permissions, "|", -1);

  g_assert_cmpint (ta_grants_check_call ((const char *const *) permissions, row->method, row->path),
                   ==, row->verdict);
}

typedef struct
{
  const char *id;
  const char *permissions;
  TaVerdict verdict;
  gboolean has_call;
} Token;

static const Token tokens[] = {
  { "none", "", TA_VERDICT_NONE, FALSE },
  { "token", "token", TA_VERDICT_ALLOWED, FALSE },
  { "DB-02-calls", "* /*", TA_VERDICT_NONE, TRUE },
  { "both", "* /*|token", TA_VERDICT_ALLOWED, TRUE },
  { "one-call", "GET /a", TA_VERDICT_NONE, TRUE },
  { "deny", "deny", TA_VERDICT_DENIED, FALSE },
  { "deny-wins", "token|* /*|deny", TA_VERDICT_DENIED, FALSE },
  { "other-texts", "tokens|GET", TA_VERDICT_NONE, FALSE },
};

static void
check_token (gconstpointer data)
{
  const Token *row = data;
  g_auto (GStrv) permissions = g_strsplit (row->permissions, "|", -1);

  g_assert_cmpint (ta_grants_check_token ((const char *const *) permissions), ==, row->verdict);
  g_assert_cmpint (ta_grants_has_call ((const char *const *) permissions), ==, row->has_call);
}

typedef struct
{
  const char *id;
  const char *permissions;
  const char *added;
  const char *all;
} Sum;

static const Sum sums[] = {
  { "to-none", "", "GET /*|HEAD /*", "GET /*|HEAD /*" },
  { "same", "GET /*|HEAD /*", "GET /*|HEAD /*", "GET /*|HEAD /*" },
  { "wider", "GET /*|HEAD /*", "* /*", "* /*" },
  { "narrow-covered", "GET /contacts|GET /a/*", "GET /*|HEAD /*", "GET /*|HEAD /*" },
  { "other-kept", "POST /contacts", "GET /*|HEAD /*", "POST /contacts|GET /*|HEAD /*" },
  { "every-method-kept", "* /contacts", "GET /*|HEAD /*", "* /contacts|GET /*|HEAD /*" },
  { "token-kept", "token|GET /a", "* /*", "token|* /*" },
  { "not-denied", "deny", "* /*", "* /*" },
  { "later-kept", "of a later version", "token", "of a later version|token" },
  { "none-to-some", "token", "", "token" },
};

static void
check_sum (gconstpointer data)
{
  const Sum *row = data;
  g_auto (GStrv) permissions = g_strsplit (row->permissions, "|", -1);
  g_auto (GStrv) added = g_strsplit (row->added, "|", -1);
  g_auto (GStrv) all
      = ta_grants_add ((const char *const *) permissions, (const char *const *) added);
  g_autofree char *joined = g_strjoinv ("|", all);

  g_assert_cmpstr (joined, ==, row->all);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/grants/UN-GN-01-text", texts, check_text);
  UNIT_ADD_ROWS ("/grants/UN-GN-02-call", calls, check_call);
  UNIT_ADD_ROWS ("/grants/UN-GN-03-token", tokens, check_token);
  UNIT_ADD_ROWS ("/grants/UN-GN-04-sum", sums, check_sum);
  return g_test_run ();
}

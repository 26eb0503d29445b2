/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-page.h"

#include "unit.h"

typedef struct
{
  const char *id;
  TaPage page;
  guint status;
  const char *heading;
} Page;

static const Page pages[] = {
  { "done", TA_PAGE_DONE, 200, "<h1>Authorization successful!</h1>" },
  { "unsaved", TA_PAGE_UNSAVED, 200, "<h1>Signed in, but not saved yet</h1>" },
  { "pending", TA_PAGE_PENDING, 200, "<h1>Not finished yet</h1>" },
  { "denied", TA_PAGE_DENIED, 200, "<h1>Access was denied</h1>" },
  { "failed", TA_PAGE_FAILED, 200, "<h1>Sign-in failed</h1>" },
  { "refused", TA_PAGE_REFUSED, 400, "<h1>Sign-in failed</h1>" },
  { "invalid", TA_PAGE_INVALID, 400, "<h1>This page is not part of a sign-in</h1>" },
  { "used", TA_PAGE_USED, 410, "<h1>This page was used already</h1>" },
};

static char *
get_text (GBytes *html)
{
  return g_strndup (g_bytes_get_data (html, NULL), g_bytes_get_size (html));
}

/* CB-20: nothing is loaded, run or followed, and every placeholder is filled in. */
static void
assert_harmless (const char *text)
{
  const char *const banned[] = { "http",    "src=",  "href=", "<script", "<form",     "<link",
                                 "<img",    "<base", "url(",  "@import", "onload",    "onerror",
                                 "refresh", "{{",    "}}",    "<iframe", "javascript" };

  g_assert_true (g_str_has_prefix (text, "<!DOCTYPE html>\n"));
  g_assert_nonnull (strstr (text, "</html>"));
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (banned); i++)
    g_assert_null (strstr (text, banned[i]));
  g_assert_nonnull (strstr (text, "Never copy the address of this page"));
}

static void
check_page (gconstpointer data)
{
  const Page *row = data;
  g_autoptr (GBytes) html = ta_page_render (row->page);
  g_autoptr (GBytes) again = ta_page_render (row->page);
  g_autofree char *text = get_text (html);

  assert_harmless (text);
  g_assert_true (g_bytes_equal (html, again));
  g_assert_nonnull (strstr (text, row->heading));
  g_assert_cmpuint (ta_page_get_status (row->page), ==, row->status);
}

/* Only one page says that it worked. */
static void
check_success (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      g_autoptr (GBytes) html = ta_page_render (pages[i].page);
      g_autofree char *text = get_text (html);

      g_assert_cmpint (strstr (text, "successful") != NULL, ==, pages[i].page == TA_PAGE_DONE);
    }
}

static void
check_status_pages (void)
{
  const guint statuses[] = { 400, 403, 404, 405, 413, 414, 421, 431, 503, 505 };

  for (gsize i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autoptr (GBytes) html = ta_page_render_status (statuses[i]);
      g_autofree char *text = get_text (html);
      g_autofree char *number = g_strdup_printf ("(%u)", statuses[i]);

      assert_harmless (text);
      g_assert_nonnull (strstr (text, number));
      g_assert_null (strstr (text, "successful"));
    }
}

/* (nullable): owned by the headers. */
static const char *
find_header (char **headers, const char *name)
{
  for (int i = 0; headers[i] != NULL; i += 2)
    if (g_str_equal (headers[i], name))
      return headers[i + 1];
  return NULL;
}

typedef struct
{
  const char *id;
  const char *value;
} Header;

static const Header headers[] = {
  { "Content-Type", "text/html; charset=utf-8" },
  { "Cache-Control", "no-store" },
  { "Referrer-Policy", "no-referrer" },
  { "X-Content-Type-Options", "nosniff" },
  { "X-Frame-Options", "DENY" },
  { "Cross-Origin-Opener-Policy", "same-origin" },
  { "Cross-Origin-Resource-Policy", "same-origin" },
  { "Connection", "close" },
  { "Server", NULL },
  { "Set-Cookie", NULL },
  { "Location", NULL },
  { "Access-Control-Allow-Origin", NULL },
};

static void
check_header (gconstpointer data)
{
  const Header *row = data;
  g_auto (GStrv) given = ta_page_get_headers ();

  g_assert_cmpstr (find_header (given, row->id), ==, row->value);
}

static void
check_no_other_header (void)
{
  g_auto (GStrv) given = ta_page_get_headers ();

  g_assert_cmpuint (g_strv_length (given), ==, 2 * 9);
}

/* The policy allows exactly the style sheet that stands in the pages. */
static void
check_policy (void)
{
  g_auto (GStrv) given = ta_page_get_headers ();
  g_autoptr (GBytes) html = ta_page_render (TA_PAGE_DONE);
  g_autofree char *text = get_text (html);
  const char *style = strstr (text, "<style>") + strlen ("<style>");
  const char *end = strstr (style, "</style>");
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *hash = NULL;
  g_autofree char *policy = NULL;
  guint8 digest[32];
  gsize length = sizeof digest;

  g_checksum_update (checksum, (const guchar *) style, end - style);
  g_checksum_get_digest (checksum, digest, &length);
  hash = g_base64_encode (digest, length);
  policy = g_strdup_printf ("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
                            "form-action 'none'; frame-ancestors 'none'",
                            hash);
  g_assert_cmpstr (find_header (given, "Content-Security-Policy"), ==, policy);
  g_assert_null (strstr (end + 1, "<style"));
  g_assert_null (strstr (end, "style="));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/page/UN-PG-01-page", pages, check_page);
  g_test_add_func ("/page/UN-PG-02-success", check_success);
  g_test_add_func ("/page/UN-PG-03-status-pages", check_status_pages);
  UNIT_ADD_ROWS ("/page/UN-PG-04-header", headers, check_header);
  g_test_add_func ("/page/UN-PG-05-no-other-header", check_no_other_header);
  g_test_add_func ("/page/UN-PG-06-policy", check_policy);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-endpoint.h"

#include "unit.h"

#include <libsoup/soup.h>

/* Whatever a caller's path is made of: if it is admitted, what libsoup is going to send stays at
 * the base URI, also for a server that decodes more than once, or reads "\" as "/" or "..;a" as
 * "..". */

#define ROUNDS 40000
#define PIECES_MAX 10
#define DECODINGS 3

static const char *const bases[] = {
  "https://api.tidio.com/v1/",     "https://api.tidio.com/", "https://api.tidio.com:443/v1/",
  "http://localhost:8080/v1/api/", "http://[::1]:8080/v1/",  "https://api.tidio.com/a.b/c;d/",
};

static const char *const pieces[] = {
  "/",      "/",        "//",       "\\",   ".",
  "..",     "...",      "./",       "../",  "/..",
  "..;",    ";a",       ";/",       "%2e",  "%2E",
  "%2f",    "%2F",      "%5c",      "%25",  "%252e",
  "%3b",    "%3B",      "%3f",      "%23",  "%00",
  "%0a",    "%0D",      "%ff",      "%c3%", "%c3%a9",
  "%40",    "%3a",      "%41",      "%7E",  "%2",
  "%zz",    "%",        "?",        "?a=b", "#",
  "@",      "@evil",    "u:p@",     ":",    ":443",
  ":80/",   "http:",    "https://", "evil", "evil.example",
  "[::1]",  "\xc3\xa9", "\xff",     " ",    "\t",
  "\r\n",   "\n",       "\x7f",     "a",    "contacts",
  "v1",     "-._~",     "!$&'()",   "*+,=", "a=b",
  "//evil", "/\\evil",  "file:",    "1",    "x.y",
};

static char *
make_path (void)
{
  GString *path = g_string_new (NULL);
  int count = g_test_rand_int_range (0, PIECES_MAX + 1);

  for (int i = 0; i < count; i++)
    if (g_test_rand_int_range (0, 12) == 0)
      g_string_append_c (path, (char) g_test_rand_int_range (1, 256));
    else
      g_string_append (path, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
  return g_string_free (path, FALSE);
}

/* Percent-decodes what is well-formed. */
static char *
decode (const char *text)
{
  GString *decoded = g_string_new (NULL);

  for (const char *c = text; *c != '\0'; c++)
    if (*c == '%' && g_ascii_isxdigit (c[1]) && g_ascii_isxdigit (c[2]))
      {
        g_string_append_c (decoded,
                           (char) (g_ascii_xdigit_value (c[1]) * 16 + g_ascii_xdigit_value (c[2])));
        c += 2;
      }
    else
      g_string_append_c (decoded, *c);
  return g_string_free (decoded, FALSE);
}

/* `path`: what stands behind the base's. */
static void
assert_stays (const char *path)
{
  g_autofree char *text = g_strdup (path);

  for (int i = 0; i <= DECODINGS; i++)
    {
      g_auto (GStrv) segments = g_strsplit_set (text, "/\\", -1);
      g_autofree char *once = g_steal_pointer (&text);

      for (int s = 0; segments[s] != NULL; s++)
        {
          segments[s][strcspn (segments[s], ";")] = '\0';
          g_assert_cmpstr (segments[s], !=, ".");
          g_assert_cmpstr (segments[s], !=, "..");
        }
      text = decode (once);
    }
}

static void
assert_sent_below (const char *uri, const char *base_uri)
{
  g_autoptr (GUri) base = g_uri_parse (base_uri, SOUP_HTTP_URI_FLAGS, NULL);
  g_autoptr (GUri) parsed = g_uri_parse (uri, SOUP_HTTP_URI_FLAGS, NULL);
  g_autoptr (SoupMessage) message = soup_message_new_from_uri ("GET", parsed);
  GUri *sent = soup_message_get_uri (message);
  const char *path = g_uri_get_path (sent);
  const char *query = g_uri_get_query (sent);

  g_assert_cmpstr (g_uri_get_scheme (sent), ==, g_uri_get_scheme (base));
  g_assert_cmpstr (g_uri_get_host (sent), ==, g_uri_get_host (base));
  g_assert_cmpint (g_uri_get_port (sent), ==, g_uri_get_port (base));
  g_assert_null (g_uri_get_userinfo (sent));
  g_assert_null (g_uri_get_fragment (sent));
  g_assert_true (g_str_has_prefix (path, g_uri_get_path (base)));
  assert_stays (path + strlen (g_uri_get_path (base)));
  for (const char *c = path; *c != '\0'; c++)
    g_assert_true (*c > 0x20 && *c < 0x7f);
  for (const char *c = query; c != NULL && *c != '\0'; c++)
    g_assert_true (*c > 0x20 && *c < 0x7f);
}

static void
check_any_path (void)
{
  guint admitted = 0;

  for (guint i = 0; i < ROUNDS; i++)
    {
      const char *base_uri = bases[i % G_N_ELEMENTS (bases)];
      g_autofree char *path = make_path ();
      g_autofree char *uri = ta_endpoint_api_uri (base_uri, path, NULL);

      if (uri == NULL)
        continue;
      admitted++;
      assert_sent_below (uri, base_uri);
    }
  /* Neither all nor nothing is refused, which would prove nothing. */
  g_assert_cmpuint (admitted, >, ROUNDS / 50);
  g_assert_cmpuint (admitted, <, ROUNDS / 2);
  g_test_message ("%u of %d paths admitted", admitted, ROUNDS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/api-uri/UN-AU-01-any-path", check_any_path);
  return g_test_run ();
}

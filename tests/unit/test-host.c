/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-host.h"

#include "unit.h"

typedef struct
{
  const char *id;
  const char *text;
  gboolean good;
} Name;

static const Name names[] = {
  { "name", "login.example.com", TRUE },
  { "single", "localhost", TRUE },
  { "ipv4", "127.0.0.1", TRUE },
  { "ipv6", "::1", TRUE },
  { "empty", "", FALSE },
  { "port", "example.com:443", FALSE },
  { "scheme", "https://h", FALSE },
  { "path", "example.com/", FALSE },
  { "wildcard", "*.example.com", FALSE },
  { "brackets", "[::1]", FALSE },
  { "user", "a@b", FALSE },
  { "not-ascii", "\xc3\xa9.example", FALSE },
};

static void
check_name (gconstpointer data)
{
  const Name *row = data;

  g_assert_cmpint (ta_host_is_name (row->text), ==, row->good);
}

typedef struct
{
  const char *id;
  const char *uri;
  const char *other;
  gboolean same;
} Pair;

static const Pair pairs[] = {
  { "same", "https://h.example/a", "https://h.example", TRUE },
  { "case", "https://H.Example/a", "https://h.example/b", TRUE },
  { "port", "https://h.example:8443/a", "https://h.example", TRUE },
  { "scheme", "http://h.example/a", "https://h.example", TRUE },
  { "ipv6", "http://[::1]:1/a", "http://[::1]:2", TRUE },
  { "other", "https://h.example", "https://i.example", FALSE },
  { "longer", "https://h.example.evil", "https://h.example", FALSE },
  { "below", "https://a.h.example", "https://h.example", FALSE },
  { "above", "https://example", "https://h.example", FALSE },
  { "dot", "https://h.example.", "https://h.example", FALSE },
  { "loopback", "http://localhost:1", "http://127.0.0.1:1", FALSE },
  { "in-path", "https://evil/h.example", "https://h.example", FALSE },
  { "no-host", "urn:h.example", "https://h.example", FALSE },
  { "no-hosts", "urn:h", "urn:h", FALSE },
  { "nobody", "https://h.example", NULL, FALSE },
};

static void
check_pair (gconstpointer data)
{
  const Pair *row = data;

  g_assert_cmpint (ta_host_is_same (row->uri, row->other), ==, row->same);
  if (row->other != NULL)
    g_assert_cmpint (ta_host_is_same (row->other, row->uri), ==, row->same);
}

static void
check_listed (void)
{
  const char *const none[] = { NULL };
  const char *const two[] = { "a.example", "::1", NULL };

  g_assert_false (ta_host_is_listed ("https://a.example/", none));
  g_assert_true (ta_host_is_listed ("https://A.example:1/x", two));
  g_assert_true (ta_host_is_listed ("http://[::1]:1/x", two));
  g_assert_false (ta_host_is_listed ("https://b.a.example/", two));
  g_assert_false (ta_host_is_listed ("https://evil/a.example", two));
  g_assert_false (ta_host_is_listed ("urn:a.example", two));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/host/UN-HO-01-name", names, check_name);
  UNIT_ADD_ROWS ("/host/UN-HO-02-same", pairs, check_pair);
  g_test_add_func ("/host/UN-HO-03-listed", check_listed);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "broker/ta-dpop-nonces.h"

#include "unit.h"

#define HERE "https://a.example/token"

/* Lets a server answer; `nonce` NULL: without one. */
static gboolean
note (TaDpopNonces *nonces, const char *uri, const char *nonce)
{
  TaHttpResponse response = { .status = 200 };
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);

  if (nonce != NULL)
    g_hash_table_insert (headers, (char *) "dpop-nonce", (char *) nonce);
  response.headers = headers;
  return ta_dpop_nonces_note (nonces, uri, &response);
}

static void
check_newest (void)
{
  g_autoptr (TaDpopNonces) nonces = ta_dpop_nonces_new ();

  g_assert_null (ta_dpop_nonces_find (nonces, HERE));
  g_assert_false (note (nonces, HERE, NULL));
  g_assert_null (ta_dpop_nonces_find (nonces, HERE));
  g_assert_true (note (nonces, HERE, "first"));
  g_assert_true (note (nonces, HERE, "second"));
  g_assert_cmpstr (ta_dpop_nonces_find (nonces, HERE), ==, "second");
  g_assert_false (note (nonces, HERE, NULL));
  g_assert_false (note (nonces, HERE, "not a nonce"));
  g_assert_false (note (nonces, HERE, ""));
  g_assert_cmpstr (ta_dpop_nonces_find (nonces, HERE), ==, "second");
}

typedef struct
{
  const char *id;
  const char *uri;
  gboolean same; /* as HERE */
} Server;

static const Server servers[] = {
  { "path", "https://a.example/other?query", TRUE },
  { "no-path", "https://a.example", TRUE },
  { "port-of-scheme", "https://a.example:443/", TRUE },
  { "case", "HTTPS://A.Example/", TRUE },
  { "other-scheme", "http://a.example:443/token", FALSE },
  { "other-port", "https://a.example:8443/token", FALSE },
  { "other-host", "https://b.example/token", FALSE },
  { "host-below", "https://x.a.example/token", FALSE },
  { "host-with-tail", "https://a.example.x/token", FALSE },
};

static void
check_server (gconstpointer data)
{
  const Server *row = data;
  g_autoptr (TaDpopNonces) nonces = ta_dpop_nonces_new ();

  note (nonces, HERE, "nonce");
  g_assert_cmpstr (ta_dpop_nonces_find (nonces, row->uri), ==, row->same ? "nonce" : NULL);
  note (nonces, row->uri, "other");
  g_assert_cmpstr (ta_dpop_nonces_find (nonces, HERE), ==, row->same ? "other" : "nonce");
}

/* The one that was noted longest ago goes. */
static void
check_bound (void)
{
  g_autoptr (TaDpopNonces) nonces = ta_dpop_nonces_new ();
  guint known = 0;

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *uri = g_strdup_printf ("https://%u.example/", i);

      note (nonces, uri, "nonce");
      note (nonces, HERE, "nonce");
    }
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *uri = g_strdup_printf ("https://%u.example/", i);
      gboolean is_known = ta_dpop_nonces_find (nonces, uri) != NULL;

      known += (guint) is_known;
      g_assert_cmpint (is_known, ==, i > 1000 - TA_DPOP_NONCES_MAX);
    }
  g_assert_cmpuint (known, ==, TA_DPOP_NONCES_MAX - 1);
  g_assert_nonnull (ta_dpop_nonces_find (nonces, HERE));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dpop-nonces/UN-DN-01-newest", check_newest);
  UNIT_ADD_ROWS ("/dpop-nonces/UN-DN-02-server", servers, check_server);
  g_test_add_func ("/dpop-nonces/UN-DN-03-bound", check_bound);
  return g_test_run ();
}

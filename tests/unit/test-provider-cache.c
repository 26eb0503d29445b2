/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "io/ta-provider-cache.h"

#include "unit.h"

#include <utime.h>

/* As of so many hours ago, as it is moved or copied into place with its time. */
static void
write_file (const char *path, const char *base_uri, int hours)
{
  const time_t time = (time_t) (g_get_real_time () / G_USEC_PER_SEC - hours * 3600);
  struct utimbuf times = { .actime = time, .modtime = time };
  g_autofree char *text
      = g_strconcat ("[Provider]\nAuthorizationEndpoint=https://one.example/authorize\n"
                     "TokenEndpoint=https://one.example/token\n[Api]\nBaseUri=",
                     base_uri, "\n", NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  g_assert_cmpint (g_utime (path, &times), ==, 0);
}

static void
assert_base_uri (TaProviderCache *cache, const char *base_uri)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = ta_provider_cache_find (cache, "one", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (provider->base_uri, ==, base_uri);
}

static void
assert_refused (TaProviderCache *cache)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = ta_provider_cache_find (cache, "one", &error);

  g_assert_null (provider);
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
}

/* What was parsed is given again, until anything about the file is another; but one that was put
 * there just now, however old it is, is read again. */
static void
test_changes (void)
{
  g_autofree char *folder
      = g_build_filename (g_get_user_config_dir (), "tidio-auth", "providers", NULL);
  g_autofree char *path = g_build_filename (folder, "one.conf", NULL);
  TaProviderCache *cache = ta_provider_cache_new ();
  g_autoptr (TaProvider) first = NULL;
  g_autoptr (TaProvider) second = NULL;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  assert_refused (cache);
  write_file (path, "https://one.example/a/", 3);
  first = ta_provider_cache_find (cache, "one", NULL);
  second = ta_provider_cache_find (cache, "one", NULL);
  g_assert_nonnull (first);
  g_assert_nonnull (second);
  g_assert_true (first != second);
  unit_let_settle (path);
  g_clear_pointer (&first, ta_provider_unref);
  g_clear_pointer (&second, ta_provider_unref);
  first = ta_provider_cache_find (cache, "one", NULL);
  second = ta_provider_cache_find (cache, "one", NULL);
  g_assert_true (first == second);
  write_file (path, "https://one.example/b/", 2);
  assert_base_uri (cache, "https://one.example/b/");
  g_assert_cmpint (g_chmod (path, 0666), ==, 0);
  assert_refused (cache);
  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  assert_base_uri (cache, "https://one.example/b/");
  g_assert_cmpint (g_unlink (path), ==, 0);
  assert_refused (cache);
  ta_provider_cache_free (cache);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/provider-cache/changes", test_changes);
  return g_test_run ();
}

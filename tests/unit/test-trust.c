/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "io/ta-trust.h"

#include "unit.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <utime.h>

#define HOUR 3600

static const char certificate[]
    = "-----BEGIN CERTIFICATE-----\n"
      "MIIBczCCARmgAwIBAgIUcZX3OFxyhKTrue2GkKNjaV0kTUcwCgYIKoZIzj0EAwIw\n"
      "DzENMAsGA1UEAwwEVGVzdDAeFw0yNjExMzAxMTU4MjBaFw0zNjExMjcxMTU4MjBa\n"
      "MA8xDTALBgNVBAMMBFRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQrkyrm\n"
      "LW/O7CypQAp+StL9STb3HsWRETKK6M/i0HPTYd61VoxxU3O+ZJ4buh2tboVi7u4/\n"
      "HIoMpkvxqR9t0Hnvo1MwUTAdBgNVHQ4EFgQUr9gMSQMPfI/k7FBBQ7V5W3aA19ow\n"
      "HwYDVR0jBBgwFoAUr9gMSQMPfI/k7FBBQ7V5W3aA19owDwYDVR0TAQH/BAUwAwEB\n"
      "/zAKBggqhkjOPQQDAgNIADBFAiEA9YR3gn+vR8oUUpDcCMoAba7socMp5Ew0JZvT\n"
      "suL0GrwCIBwJrInvHCn9xDCEnx1eUSDT8pzW6Y6M3IUqNN8rh1QS\n"
      "-----END CERTIFICATE-----\n";

typedef struct
{
  char *folder;        /* (owned) */
  char *configuration; /* (owned) */
  char *authorities;   /* (owned) */
  TaTrustStore *store; /* (owned) */
} Fixture;

/* As it is when it was moved or copied into place with its time. */
static void
set_age (const char *path, gint64 seconds)
{
  const time_t time = (time_t) (g_get_real_time () / G_USEC_PER_SEC - seconds);
  struct utimbuf times = { .actime = time, .modtime = time };

  g_assert_cmpint (g_utime (path, &times), ==, 0);
}

static void
write_file (const char *path, const char *text)
{
  g_assert_true (
      g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  set_age (path, HOUR);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = NULL;

  fixture->folder = g_build_filename (g_get_user_config_dir (), "tidio-auth", NULL);
  fixture->configuration = g_build_filename (fixture->folder, "tidio-auth.conf", NULL);
  fixture->authorities = g_build_filename (fixture->folder, "ca.pem", NULL);
  g_assert_cmpint (g_mkdir_with_parents (fixture->folder, 0700), ==, 0);
  text = g_strdup_printf ("[Network]\nCaFile=%s\n", fixture->authorities);
  write_file (fixture->configuration, text);
  write_file (fixture->authorities, certificate);
  fixture->store = ta_trust_store_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ta_trust_store_free (fixture->store);
  g_remove (fixture->configuration);
  g_remove (fixture->authorities);
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->configuration);
  g_free (fixture->authorities);
}

static GTlsDatabase *
load (Fixture *fixture)
{
  GTlsDatabase *additional;
  g_autoptr (GError) error = NULL;

  g_assert_true (ta_trust_load (fixture->store, &additional, &error));
  g_assert_no_error (error);
  return additional;
}

static void
assert_fails (Fixture *fixture)
{
  g_autoptr (GTlsDatabase) additional = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (ta_trust_load (fixture->store, &additional, &error));
  g_assert_null (additional);
  unit_assert_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED);
}

static void
check_kept (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GTlsDatabase) first = NULL;

  unit_let_settle (fixture->authorities);
  first = load (fixture);
  g_assert_nonnull (first);
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (GTlsDatabase) next = load (fixture);

      g_assert_true (next == first);
    }
}

/* The authorities are others: by another file of the same size and age, or in the same one. */
static void
check_authorities_change (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GTlsDatabase) first = NULL;
  g_autoptr (GTlsDatabase) second = NULL;
  g_autoptr (GTlsDatabase) third = NULL;

  unit_let_settle (fixture->authorities);
  first = load (fixture);
  write_file (fixture->authorities, certificate);
  second = load (fixture);
  g_assert_true (second != first);
  set_age (fixture->authorities, 2 * HOUR);
  third = load (fixture);
  g_assert_true (third != second);
}

static void
check_configuration_changes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GTlsDatabase) first = load (fixture);

  g_assert_nonnull (first);
  write_file (fixture->configuration, "");
  g_assert_null (load (fixture));
  g_remove (fixture->configuration);
  g_assert_null (load (fixture));
  write_file (fixture->configuration, "[Network]\nCaFile=relative\n");
  assert_fails (fixture);
}

/* Changed just now, or put there: the next change may leave no trace. */
static void
check_fresh (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GTlsDatabase) first = NULL;
  g_autoptr (GTlsDatabase) second = NULL;

  if (data != NULL)
    {
      unit_let_settle (fixture->authorities);
      set_age (g_str_equal (data, "authorities") ? fixture->authorities : fixture->configuration,
               -HOUR);
    }
  first = load (fixture);
  second = load (fixture);
  g_assert_true (second != first);
}

static void
check_failure (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GTlsDatabase) first = load (fixture);
  g_autoptr (GTlsDatabase) second = NULL;

  g_assert_nonnull (first);
  g_remove (fixture->authorities);
  assert_fails (fixture);
  assert_fails (fixture);
  write_file (fixture->authorities, certificate);
  second = load (fixture);
  g_assert_nonnull (second);
  g_assert_cmpint (g_chmod (fixture->authorities, 0666), ==, 0);
  assert_fails (fixture);
}

static void
add (const char *path, gconstpointer data, void (*check) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, data, set_up, check, tear_down);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = g_dir_make_tmp ("tidio-auth-XXXXXX", NULL);
  int status;

  g_setenv ("XDG_CONFIG_HOME", folder, TRUE);
  g_setenv ("XDG_CONFIG_DIRS", folder, TRUE);
  g_test_init (&argc, &argv, NULL);
  add ("/trust/UN-TR-01-kept", NULL, check_kept);
  add ("/trust/UN-TR-02-authorities-change", NULL, check_authorities_change);
  add ("/trust/UN-TR-03-configuration-changes", NULL, check_configuration_changes);
  add ("/trust/UN-TR-04-fresh-authorities", "authorities", check_fresh);
  add ("/trust/UN-TR-05-fresh-configuration", "configuration", check_fresh);
  add ("/trust/UN-TR-06-failure", NULL, check_failure);
  add ("/trust/UN-TR-07-fresh-with-old-time", NULL, check_fresh);
  status = g_test_run ();
  g_rmdir (folder);
  return status;
}

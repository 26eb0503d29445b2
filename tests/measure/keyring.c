/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libsecret/secret.h>

#include "samples.h"

/* What the keyring itself takes for 1 KB, through libsecret.
 *
 *   keyring first TIMES   the first lookup of a process: connection, encrypted session, lookup
 *   keyring write TIMES   storing over the item that is there
 */

static const SecretSchema SCHEMA = { "org.tidio.Measure",
                                     SECRET_SCHEMA_NONE,
                                     { { "account", SECRET_SCHEMA_ATTRIBUTE_STRING } } };

static gboolean
write_item (const char *text, GError **error)
{
  return secret_password_store_sync (&SCHEMA, SECRET_COLLECTION_DEFAULT, "measure", text, NULL,
                                     error, "account", "1", NULL);
}

/* In the child, which has opened nothing yet: how long it took on stdout. */
static int
look_up (void)
{
  gint64 since = g_get_monotonic_time ();
  g_autofree char *text = secret_password_lookup_sync (&SCHEMA, NULL, NULL, "account", "1", NULL);

  g_print ("%" G_GINT64_FORMAT "\n", g_get_monotonic_time () - since);
  return text != NULL ? 0 : 1;
}

/* A child of this program looks it up; that it starts is not part of it. */
static void
look_up_elsewhere (char *program, Samples *samples)
{
  g_autofree char *output = NULL;
  char *argv[] = { program, (char *) "child", (char *) "1", NULL };
  GError *error = NULL;
  int status;

  if (g_spawn_sync (NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, &status, &error)
      && g_spawn_check_wait_status (status, &error))
    samples_add (samples, g_get_monotonic_time () - g_ascii_strtoll (output, NULL, 10));
  else
    samples_add_error (samples, error);
}

int
main (int argc, char **argv)
{
  g_autofree char *text = g_strnfill (1024, 's');
  Samples samples;
  GError *error = NULL;

  if (argc != 3)
    return 2;
  if (g_str_equal (argv[1], "child"))
    return look_up ();
  if (!write_item (text, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  samples_begin (&samples);
  for (gint64 left = g_ascii_strtoll (argv[2], NULL, 10); left > 0; left--)
    if (g_str_equal (argv[1], "first"))
      look_up_elsewhere (argv[0], &samples);
    else
      {
        gint64 since = g_get_monotonic_time ();

        text[0] = (char) ('a' + left % 26);
        if (write_item (text, &error))
          samples_add (&samples, since);
        else
          samples_add_error (&samples, g_steal_pointer (&error));
      }
  return samples_end (&samples);
}

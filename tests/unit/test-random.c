/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-random.h"

#include "unit.h"

/* CB-31: 43 characters that may stand in a URI as they are, never the same twice. */
static void
check_texts (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (int i = 0; i < 1000; i++)
    {
      g_autoptr (TaSecret) text = ta_random_text ();
      const char *plain = ta_secret_peek (text);

      g_assert_cmpuint (strlen (plain), ==, 43);
      g_assert_cmpuint (strspn (plain, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_"), ==, 43);
      g_assert_true (g_hash_table_add (seen, g_strdup (plain)));
    }
}

/* Every character of the alphabet comes at every place but the last, which has 4 bits. */
static void
check_places (void)
{
  guint64 missing[43];
  guint missed = 0;

  memset (missing, 0xff, sizeof missing);
  for (int i = 0; i < 4000; i++)
    {
      g_autoptr (TaSecret) text = ta_random_text ();
      const char *alphabet = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_";

      for (int place = 0; place < 43; place++)
        missing[place] &= ~(G_GUINT64_CONSTANT (1)
                            << (strchr (alphabet, ta_secret_peek (text)[place]) - alphabet));
    }
  for (int place = 0; place < 42; place++)
    missed += missing[place] != 0;
  g_assert_cmpuint (missed, ==, 0);
  g_assert_cmphex (missing[42], ==, ~G_GUINT64_CONSTANT (0x1111111111111111));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/random/UN-RN-01-texts", check_texts);
  g_test_add_func ("/random/UN-RN-02-places", check_places);
  return g_test_run ();
}

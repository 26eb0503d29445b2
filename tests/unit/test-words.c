/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-words.h"

#include "unit.h"

typedef struct
{
  const char *id;
  const char *words;
  const char *others;
  const char *left;
} Without;

static const Without rows[] = {
  { "none", "a b", "", "a b" }, { "all", "a b", "b c a", "" },      { "some", "c a b", "a", "c b" },
  { "no-words", "", "a", "" },  { "case", "Read", "read", "Read" }, { "parts", "ab", "a b", "ab" },
};

static void
check_without (gconstpointer data)
{
  const Without *row = data;
  g_auto (GStrv) words = g_strsplit (row->words, " ", -1);
  g_auto (GStrv) others = g_strsplit (row->others, " ", -1);
  g_auto (GStrv) left
      = ta_words_without ((const char *const *) words, (const char *const *) others);
  g_autofree char *joined = g_strjoinv (" ", left);

  g_assert_cmpstr (joined, ==, row->left);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/words/UN-WD-01-without", rows, check_without);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-words.h"

/* Those words that are not among the others, in their order. */
char **
ta_words_without (const char *const *words, const char *const *others)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (int i = 0; words[i] != NULL; i++)
    if (!g_strv_contains (others, words[i]))
      g_strv_builder_add (builder, words[i]);
  return g_strv_builder_end (builder);
}

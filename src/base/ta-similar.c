/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-similar.h"

#include <string.h>

#define WORD_MAX 31

#define EDITS_MAX 2

/* Levenshtein's distance: how many letters must be put in, left out or changed. */
static guint
count_edits (const char *a, const char *b)
{
  gsize length = strlen (b);
  guint row[WORD_MAX + 1];

  for (guint j = 0; j <= length; j++)
    row[j] = j;
  for (guint i = 0; a[i] != '\0'; i++)
    {
      guint diagonal = row[0];

      row[0] = i + 1;
      for (guint j = 0; j < length; j++)
        {
          guint changed = diagonal + (a[i] == b[j] ? 0 : 1);

          diagonal = row[j + 1];
          row[j + 1] = MIN (changed, MIN (row[j], diagonal) + 1);
        }
    }
  return row[length];
}

/* (nullable): the first of the words that are the least different from `word`, if that is but a
 * slip or two, and not another word altogether. */
const char *
ta_similar_find (const char *const *words, const char *word)
{
  const char *best = NULL;
  guint least = EDITS_MAX + 1;

  for (int i = 0; strlen (word) <= WORD_MAX && words[i] != NULL; i++)
    {
      guint edits = count_edits (words[i], word);

      if (edits < least && 2 * edits <= strlen (words[i]))
        {
          least = edits;
          best = words[i];
        }
    }
  return best;
}

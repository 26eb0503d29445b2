/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-missing.h"

#include "base/ta-error.h"
#include "base/ta-similar.h"

/* Why there is no account of an id, in words that help. */

/* (nullable): the id that `id` may be a slip of. */
static const char *
find_similar (const char *id, GList *ids)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  for (GList *link = ids; link != NULL; link = link->next)
    g_ptr_array_add (words, link->data);
  g_ptr_array_add (words, NULL);
  return ta_similar_find ((const char *const *) words->pdata, id);
}

/* `id`: wanted, empty: the default one; `ids`: those there are, in the order they are named;
 * `is_damaged`: one that is stored could not be read.
 * TA_ERROR_NO_SUCH_ACCOUNT, TA_ERROR_STORAGE_CORRUPT. */
GError *
ta_missing_create_error (const char *id, GList *ids, gboolean is_damaged)
{
  g_autoptr (GString) choices = g_string_new (NULL);
  const char *similar;

  for (GList *link = ids; link != NULL && choices->len < 100; link = link->next)
    g_string_append_printf (choices, "%s%s", choices->len > 0 ? ", " : "", (char *) link->data);
  if (is_damaged)
    return g_error_new_literal (TA_ERROR, TA_ERROR_STORAGE_CORRUPT,
                                "No such account, but one in the keyring is damaged: if it is that "
                                "one, sign in again");
  if (ids == NULL)
    return g_error_new_literal (TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                                "No account is signed in: sign in first");
  if (*id == '\0')
    return g_error_new (TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                        "Several accounts are signed in: choose one of %.100s", choices->str);
  similar = find_similar (id, ids);
  if (similar != NULL)
    return g_error_new (TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                        "No such account is signed in: did you mean %s", similar);
  return g_error_new (TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                      "No such account is signed in: choose one of %.100s", choices->str);
}

/* It was not found, but it may lie in a collection that is locked. */
GError *
ta_missing_create_locked_error (void)
{
  return g_error_new_literal (TA_ERROR, TA_ERROR_STORAGE_LOCKED,
                              "The keyring that may hold this account is locked: unlock it and try "
                              "again");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-missing.h"

#include "base/ta-error.h"

/* Why there is no account of an id, in words that help. */

/* `id`: wanted, empty: the default one; `ids`: those there are, in the order they are named;
 * `is_damaged`: one that is stored could not be read.
 * TA_ERROR_NO_SUCH_ACCOUNT, TA_ERROR_STORAGE_CORRUPT. */
GError *
ta_missing_create_error (const char *id, GList *ids, gboolean is_damaged)
{
  g_autoptr (GString) choices = g_string_new (NULL);

  for (GList *link = ids; link != NULL && choices->len < 100; link = link->next)
    g_string_append_printf (choices, "%s%s", choices->len > 0 ? ", " : "", (char *) link->data);
  if (is_damaged)
    return g_error_new_literal (TA_ERROR, TA_ERROR_STORAGE_CORRUPT,
                                "No such account, but one in the keyring is damaged: if it is that "
                                "one, sign in again");
  if (ids == NULL)
    return g_error_new_literal (TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                                "No account is signed in: sign in first");
  return g_error_new (TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT, "%s: choose one of %.100s",
                      *id == '\0' ? "Several accounts are signed in"
                                  : "No such account is signed in",
                      choices->str);
}

/* It was not found, but it may lie in a collection that is locked. */
GError *
ta_missing_create_locked_error (void)
{
  return g_error_new_literal (TA_ERROR, TA_ERROR_STORAGE_LOCKED,
                              "The keyring that may hold this account is locked: unlock it and try "
                              "again");
}

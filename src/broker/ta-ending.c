/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-ending.h"

/* The process is going to end: nothing new is begun, and what runs is brought to its end. */

void
ta_ending_begin (TaAccounts *accounts, TaSignIns *sign_ins)
{
  g_autoptr (GList) all = ta_accounts_list (accounts);

  g_cancellable_cancel (ta_accounts_get_parts (accounts)->ending);
  ta_sign_ins_cancel (sign_ins);
  for (GList *link = all; link != NULL; link = link->next)
    ta_account_close (link->data);
}

/* Whether the process may end without losing anything. */
gboolean
ta_ending_is_done (TaAccounts *accounts, TaSignIns *sign_ins)
{
  g_autoptr (GList) all = ta_accounts_list (accounts);

  for (GList *link = all; link != NULL; link = link->next)
    if (!ta_account_is_settled (link->data))
      return FALSE;
  return ta_sign_ins_get_size (sign_ins) == 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-token-wish.h"

TaTokenWish *
ta_token_wish_copy (const TaTokenWish *wish)
{
  TaTokenWish *copy = g_memdup2 (wish, sizeof *wish);

  copy->rejected = g_strdup (wish->rejected);
  copy->caller = wish->caller == NULL ? NULL : g_object_ref (wish->caller);
  return copy;
}

void
ta_token_wish_free (TaTokenWish *wish)
{
  ta_secret_free_string (wish->rejected);
  g_clear_object (&wish->caller);
  g_free (wish);
}

/* Whether the token is the one that was refused. */
gboolean
ta_token_wish_rejects (const TaTokenWish *wish, const TaToken *token)
{
  return wish->rejected != NULL && ta_secret_equals (token->access_token, wish->rejected);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-token-answer.h"

TaTokenAnswer *
ta_token_answer_new (TaToken *token, gboolean degraded)
{
  TaTokenAnswer *answer = g_new0 (TaTokenAnswer, 1);

  answer->token = ta_token_ref (token);
  answer->degraded = degraded;
  return answer;
}

void
ta_token_answer_free (TaTokenAnswer *answer)
{
  ta_token_unref (answer->token);
  g_free (answer);
}

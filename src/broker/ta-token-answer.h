/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-token.h"

G_BEGIN_DECLS

/* What a caller gets. */
typedef struct
{
  TaToken *token; /* (owned) */
  gboolean degraded;
} TaTokenAnswer;

TaTokenAnswer *ta_token_answer_new (TaToken *token, gboolean degraded);
void ta_token_answer_free (TaTokenAnswer *answer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaTokenAnswer, ta_token_answer_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-answer.h"
#include "oauth/ta-token.h"

G_BEGIN_DECLS

/* Largest token answer that is read, in bytes. */
#define TA_TOKEN_RESPONSE_MAX TA_ANSWER_MAX

TaToken *ta_token_response_parse (guint status, const char *body, gsize length, TaInstant now,
                                  const TaToken *previous, GError **error);
TaSecret *ta_token_response_find_id_token (const char *body, gsize length);

G_END_DECLS

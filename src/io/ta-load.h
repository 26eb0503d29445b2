/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-keyring.h"

G_BEGIN_DECLS

/* What the user may be asked to unlock. */
typedef enum
{
  TA_LOAD_PROMPT_NEVER,
  TA_LOAD_PROMPT_DEFAULT, /* the default collection */
  TA_LOAD_PROMPT_ALL,     /* the others too, whatever they may hold */
  TA_LOAD_AT_ONCE,        /* nothing; what a search finds at once is told, as partial */
} TaLoadPrompt;

void ta_load_async (TaKeyring *keyring, const SecretSchema *schema, TaLoadPrompt prompt,
                    TaDeadline *deadline, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ta_load_finish (TaKeyring *keyring, GAsyncResult *result, gboolean *is_partial,
                           GError **error);

G_END_DECLS

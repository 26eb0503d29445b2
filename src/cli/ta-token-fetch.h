/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-bus.h"

G_BEGIN_DECLS

/* What a command line says of the token it is about. */
typedef struct
{
  char **arguments;   /* (owned) (nullable): one account at most */
  char *min_validity; /* (owned) (nullable) */
  gboolean interactive;
} TaTokenFetch;

#define TA_TOKEN_FETCH_N_ENTRIES 2

void ta_token_fetch_fill_entries (TaTokenFetch *self, GOptionEntry *entries);
char *ta_token_fetch_run (const TaTokenFetch *self, gint64 *expires_at, GVariant **details,
                          GError **error);
const char *ta_token_fetch_get_type (GVariant *details);
void ta_token_fetch_warn (GVariant *details);
void ta_token_fetch_clear (TaTokenFetch *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TaTokenFetch, ta_token_fetch_clear)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-token.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a caller wants of a token. */
typedef struct
{
  gint64 min_validity; /* seconds, or TA_TOKEN_DEFAULT_VALIDITY */
  char *rejected;      /* (owned) (nullable): a token that some server refused */
  gboolean is_repair;  /* the API refused it, while it looked good */
  gboolean interactive;
  GCancellable *caller; /* (owned) (nullable): cancelled when it leaves the bus */
  guint timeout;        /* seconds; 0: none */
} TaTokenWish;

TaTokenWish *ta_token_wish_copy (const TaTokenWish *wish);
void ta_token_wish_free (TaTokenWish *wish);
gboolean ta_token_wish_rejects (const TaTokenWish *wish, const TaToken *token);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaTokenWish, ta_token_wish_free)

G_END_DECLS

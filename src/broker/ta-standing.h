/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-token-answer.h"
#include "broker/ta-token-wish.h"
#include "io/ta-provider-cache.h"
#include "oauth/ta-record.h"

G_BEGIN_DECLS

/* What is known of an account's login besides its record. */
typedef struct
{
  GError *closed;       /* (owned) (nullable): why no tokens are given out */
  GError *detached;     /* (owned) (nullable): the provider file names another server */
  TaProvider *provider; /* (owned) (nullable): when that was looked at */
  char *server;         /* (owned) (nullable): that of the record then; interned */
  gint64 repaired_at;   /* on the boot clock, seconds; 0: never */
  gint64 reviewed_at;   /* whether it is back */
  gint64 forced_until;  /* what was refreshed on the word of callers counts until then */
} TaStanding;

gboolean ta_standing_look (TaStanding *self, TaProviderCache *providers, const TaRecord *record);
gboolean ta_standing_is_over (const TaStanding *self, const TaRecord *record, gboolean rejected);
GError *ta_standing_get_error (const TaStanding *self, const TaRecord *record);
GError *ta_standing_explain (const TaStanding *self, const TaRecord *record, const GError *error);
TaTokenAnswer *ta_standing_answer (const TaStanding *self, const TaRecord *record,
                                   const TaTokenWish *wish, GError **error);
gboolean ta_standing_is_forced (const TaRecord *record, const TaTokenWish *wish);
void ta_standing_note_forced (TaStanding *self);
void ta_standing_close (TaStanding *self, const GError *reason);
void ta_standing_note_refresh (TaStanding *self, gboolean is_repair);
void ta_standing_clear (TaStanding *self);

G_END_DECLS

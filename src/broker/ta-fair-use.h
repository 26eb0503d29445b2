/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* So many pieces of work, and so many bytes that they hold. */
typedef struct
{
  guint count;
  gsize bytes;
} TaFairUseShare;

/* The bytes of one piece of work may exceed a share that is empty otherwise. */
typedef struct
{
  TaFairUseShare work;       /* at work, of all senders */
  TaFairUseShare work_each;  /* and of one */
  TaFairUseShare queue;      /* waiting, of all senders */
  TaFairUseShare queue_each; /* and of one */
} TaFairUseLimits;

/* The places to work at that all senders share: reference-counted. */
typedef struct _TaFairUse TaFairUse;

/* One piece of work's place: it waits for it, or works there. */
typedef struct _TaPlace TaPlace;

typedef void (*TaFairUseFunc) (gpointer user_data);

TaFairUse *ta_fair_use_new (const TaFairUseLimits *limits);
TaFairUse *ta_fair_use_ref (TaFairUse *self);
void ta_fair_use_unref (TaFairUse *self);
TaPlace *ta_fair_use_reserve (TaFairUse *self, const char *sender, gsize bytes, TaFairUseFunc begin,
                              gpointer user_data);
gboolean ta_fair_use_enter (TaPlace *place, GError **error);
void ta_fair_use_leave (TaPlace *place);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaFairUse, ta_fair_use_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaPlace, ta_fair_use_leave)

G_END_DECLS

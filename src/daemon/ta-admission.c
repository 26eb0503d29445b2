/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-admission.h"

/* Whether and when a call is made. Work that costs others something needs a place. What may wait
 * for a person has one among its own kind, so that all the rest goes on meanwhile; a token needs
 * none: most come from memory, and who waits for a refresh is counted there.
 *
 * The bodies of what works and waits, once more in the messages that brought them, and the answers
 * stay well below the unit's MemoryMax. */

#define MIB ((gsize) 1024 * 1024)

static const TaFairUseLimits limits = {
  .work = { 32, 40 * MIB },
  .work_each = { 8, 20 * MIB },
  .queue = { 1024, 20 * MIB },
  .queue_each = { 64, 10 * MIB },
};

typedef enum
{
  CALLS,  /* that ask nobody but the API */
  PEOPLE, /* what may wait for a person */
  REST,
  N_POOLS,
} Pool;

struct _TaAdmission
{
  TaFairUse *pools[N_POOLS]; /* (owned) */
};

TaAdmission *
ta_admission_new (void)
{
  TaAdmission *self = g_new0 (TaAdmission, 1);

  for (int i = 0; i < N_POOLS; i++)
    self->pools[i] = ta_fair_use_new (&limits);
  return self;
}

void
ta_admission_free (TaAdmission *self)
{
  for (int i = 0; i < N_POOLS; i++)
    ta_fair_use_unref (self->pools[i]);
  g_free (self);
}

static TaFairUse *
choose_pool (TaAdmission *self, const TaErrand *errand)
{
  if (errand->interactive)
    return self->pools[PEOPLE];
  return self->pools[errand->kind == TA_ERRAND_CALL ? CALLS : REST];
}

static void
on_place (TaCaller *caller, gpointer user_data)
{
  ta_caller_work (caller);
}

/* Lets the caller's work begin, or answers why not. Takes the caller. */
void
ta_admission_enter (TaAdmission *self, TaCaller *caller)
{
  const TaErrand *errand = ta_caller_get_errand (caller);

  if (errand->kind == TA_ERRAND_TOKEN)
    ta_caller_work (caller);
  else
    ta_caller_enter (caller, choose_pool (self, errand), on_place, self);
}

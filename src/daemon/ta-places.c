/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-places.h"

/* What may wait for a person, or for somebody to read a stream, has places of its own, so that all
 * the rest goes on meanwhile.
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

/* Of streams there are a few blocks in memory, but a descriptor of each that waits. */
static const TaFairUseLimits stream_limits = {
  .work = { 32, 40 * MIB },
  .work_each = { 8, 20 * MIB },
  .queue = { 64, 20 * MIB },
  .queue_each = { 16, 10 * MIB },
};

/* Who calls is known as soon as the bus has answered, but its answer may come behind many calls. A
 * connection has 512 of them, bodies of 20 MiB with them; all connections together have 2048 and
 * 40 MiB. Three connections can have all that is at work, but only a 32nd of the queue each:
 * whoever comes then waits for that moment, and has the next place but for one of each that waits.
 */
static const TaFairUseLimits stranger_limits = {
  .work = { 1024, 32 * MIB },
  .work_each = { 480, 16 * MIB },
  .queue = { 1024, 8 * MIB },
  .queue_each = { 32, 4 * MIB },
};

/* The same of those that have a descriptor each: 24 of a connection, 64 in all. */
static const TaFairUseLimits stranger_stream_limits = {
  .work = { 48, 32 * MIB },
  .work_each = { 22, 16 * MIB },
  .queue = { 16, 8 * MIB },
  .queue_each = { 2, 4 * MIB },
};

struct _TaPlaces
{
  TaFairUse *calls;            /* (owned): that ask nobody but the API */
  TaFairUse *streams;          /* (owned): those that last until somebody has read the answer */
  TaFairUse *people;           /* (owned): what may wait for a person */
  TaFairUse *people_streams;   /* (owned): and then until somebody has read the answer */
  TaFairUse *rest;             /* (owned) */
  TaFairUse *strangers;        /* (owned): until it is known who calls */
  TaFairUse *stranger_streams; /* (owned): of those, what is to become streams */
};

TaPlaces *
ta_places_new (void)
{
  TaPlaces *self = g_new0 (TaPlaces, 1);

  self->calls = ta_fair_use_new (&limits);
  self->streams = ta_fair_use_new (&stream_limits);
  self->people = ta_fair_use_new (&limits);
  self->people_streams = ta_fair_use_new (&stream_limits);
  self->rest = ta_fair_use_new (&limits);
  self->strangers = ta_fair_use_new (&stranger_limits);
  self->stranger_streams = ta_fair_use_new (&stranger_stream_limits);
  return self;
}

void
ta_places_free (TaPlaces *self)
{
  ta_fair_use_unref (self->calls);
  ta_fair_use_unref (self->streams);
  ta_fair_use_unref (self->people);
  ta_fair_use_unref (self->people_streams);
  ta_fair_use_unref (self->rest);
  ta_fair_use_unref (self->strangers);
  ta_fair_use_unref (self->stranger_streams);
  g_free (self);
}

/* Owned by the places. `may_ask`: it may wait for a person. */
TaFairUse *
ta_places_find (TaPlaces *self, const TaErrand *errand, gboolean may_ask)
{
  if (errand->streams)
    return may_ask ? self->people_streams : self->streams;
  if (may_ask)
    return self->people;
  return errand->kind == TA_ERRAND_CALL ? self->calls : self->rest;
}

/* Owned by the places: for as long as it is not known who calls. */
TaFairUse *
ta_places_find_for_stranger (TaPlaces *self, const TaErrand *errand)
{
  return errand->streams ? self->stranger_streams : self->strangers;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-fair-use.h"

#include "base/ta-error.h"

/* Who works next. Each sender has a queue of its own, and the senders that wait stand in a ring:
 * the first of them that may work has the next place, for the first of its queue, and goes to the
 * ring's end. So a sender waits for one piece of work of each other, however many those have.
 *
 * What needs many bytes does not overtake what waits for bytes, or else that might wait for ever.
 */

/* Work that holds no more than this hardly delays work that waits for bytes. */
#define SMALL 65536

typedef struct
{
  char *name; /* (owned) */
  TaFairUseShare work;
  TaFairUseShare queue;
  GQueue waiting; /* (element-type TaPlace) (unowned) */
} Sender;

struct _TaFairUse
{
  grefcount refs;
  TaFairUseLimits limits;
  TaFairUseShare work;
  TaFairUseShare queue;
  GHashTable *senders; /* (owned): name (of the value) to Sender (owned), those with work */
  GQueue ring;         /* (element-type Sender) (unowned): those that wait */
  gboolean is_handing_out;
};

typedef enum
{
  OUTSIDE,
  WAITING,
  WORKING,
} Where;

struct _TaPlace
{
  TaFairUse *fair_use; /* (owned) */
  char *name;          /* (owned): of the sender */
  Sender *sender;      /* (unowned) (nullable): NULL outside */
  gsize bytes;
  TaFairUseFunc begin;
  gpointer user_data;
  Where where;
};

static void
sender_free (Sender *sender)
{
  g_free (sender->name);
  g_free (sender);
}

TaFairUse *
ta_fair_use_new (const TaFairUseLimits *limits)
{
  TaFairUse *self = g_new0 (TaFairUse, 1);

  g_ref_count_init (&self->refs);
  self->limits = *limits;
  self->senders
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) sender_free);
  g_queue_init (&self->ring);
  return self;
}

TaFairUse *
ta_fair_use_ref (TaFairUse *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

void
ta_fair_use_unref (TaFairUse *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->senders);
  g_free (self);
}

static gboolean
fits (const TaFairUseShare *used, gsize bytes, const TaFairUseShare *limit)
{
  return used->count < limit->count
         && (used->count == 0 || bytes <= limit->bytes - MIN (used->bytes, limit->bytes));
}

static void
add (TaFairUseShare *used, gsize bytes)
{
  used->count++;
  used->bytes += bytes;
}

static void
subtract (TaFairUseShare *used, gsize bytes)
{
  used->count--;
  used->bytes -= bytes;
}

/* A place among those of this sender; nothing is taken yet. `begin` is called once the work may
 * begin. */
TaPlace *
ta_fair_use_reserve (TaFairUse *self, const char *sender, gsize bytes, TaFairUseFunc begin,
                     gpointer user_data)
{
  TaPlace *place = g_new0 (TaPlace, 1);

  place->fair_use = ta_fair_use_ref (self);
  place->name = g_strdup (sender);
  place->bytes = bytes;
  place->begin = begin;
  place->user_data = user_data;
  return place;
}

static Sender *
get_sender (TaFairUse *self, const char *name)
{
  Sender *sender = g_hash_table_lookup (self->senders, name);

  if (sender != NULL)
    return sender;
  sender = g_new0 (Sender, 1);
  sender->name = g_strdup (name);
  g_queue_init (&sender->waiting);
  g_hash_table_insert (self->senders, sender->name, sender);
  return sender;
}

static void
forget_idle (TaFairUse *self, Sender *sender)
{
  if (sender->work.count == 0 && sender->queue.count == 0)
    g_hash_table_remove (self->senders, sender->name);
}

static void
join_queue (TaFairUse *self, TaPlace *place)
{
  add (&self->queue, place->bytes);
  add (&place->sender->queue, place->bytes);
  g_queue_push_tail (&place->sender->waiting, place);
  if (place->sender->queue.count == 1)
    g_queue_push_tail (&self->ring, place->sender);
  place->where = WAITING;
}

static void
leave_queue (TaFairUse *self, TaPlace *place)
{
  subtract (&self->queue, place->bytes);
  subtract (&place->sender->queue, place->bytes);
  g_queue_remove (&place->sender->waiting, place);
  if (place->sender->queue.count == 0)
    g_queue_remove (&self->ring, place->sender);
  place->where = OUTSIDE;
}

/* (nullable): whose turn it is. */
static TaPlace *
find_next (TaFairUse *self)
{
  gboolean has_skipped = FALSE;

  for (GList *link = self->ring.head; link != NULL; link = link->next)
    {
      Sender *sender = link->data;
      TaPlace *place = g_queue_peek_head (&sender->waiting);

      if (self->work.count >= self->limits.work.count)
        return NULL;
      if (!fits (&sender->work, place->bytes, &self->limits.work_each)
          || (has_skipped && place->bytes > SMALL))
        continue;
      if (fits (&self->work, place->bytes, &self->limits.work))
        return place;
      has_skipped = TRUE;
    }
  return NULL;
}

static void
begin (TaFairUse *self, TaPlace *place)
{
  Sender *sender = place->sender;

  leave_queue (self, place);
  add (&self->work, place->bytes);
  add (&sender->work, place->bytes);
  place->where = WORKING;
  if (g_queue_remove (&self->ring, sender))
    g_queue_push_tail (&self->ring, sender);
  place->begin (place->user_data);
}

/* What begins may leave at once: the places it makes free are handed out here too. */
static void
hand_out (TaFairUse *self)
{
  TaPlace *next;

  if (self->is_handing_out)
    return;
  self->is_handing_out = TRUE;
  while ((next = find_next (self)) != NULL)
    begin (self, next);
  self->is_handing_out = FALSE;
}

static gboolean
begins_at_once (TaFairUse *self, const Sender *sender, gsize bytes)
{
  return sender->queue.count == 0 && (bytes <= SMALL || self->queue.count == 0)
         && fits (&sender->work, bytes, &self->limits.work_each)
         && fits (&self->work, bytes, &self->limits.work);
}

static gboolean
check_room (TaFairUse *self, const Sender *sender, gsize bytes, GError **error)
{
  if (begins_at_once (self, sender, bytes))
    return TRUE;
  if (!fits (&sender->queue, bytes, &self->limits.queue_each))
    g_set_error (error, TA_ERROR, TA_ERROR_BUSY,
                 "This program has %u calls that run and %u that wait already: call again when "
                 "some of them are answered",
                 sender->work.count, sender->queue.count);
  else if (!fits (&self->queue, bytes, &self->limits.queue))
    g_set_error_literal (error, TA_ERROR, TA_ERROR_BUSY,
                         "The calls of all programs together are too many or too large: call again "
                         "in a moment");
  else
    return TRUE;
  return FALSE;
}

/* Whether there is room for the work: it begins as soon as it may, which may be before this
 * returns. Errors: TA_ERROR_BUSY. */
gboolean
ta_fair_use_enter (TaPlace *place, GError **error)
{
  g_autoptr (TaFairUse) self = ta_fair_use_ref (place->fair_use);
  Sender *sender = get_sender (self, place->name);

  if (!check_room (self, sender, place->bytes, error))
    {
      forget_idle (self, sender);
      return FALSE;
    }
  place->sender = sender;
  join_queue (self, place);
  hand_out (self);
  return TRUE;
}

/* The work is done, or will not be. Takes the place. */
void
ta_fair_use_leave (TaPlace *place)
{
  g_autoptr (TaFairUse) self = place->fair_use;

  if (place->where == WAITING)
    leave_queue (self, place);
  else if (place->where == WORKING)
    {
      subtract (&self->work, place->bytes);
      subtract (&place->sender->work, place->bytes);
    }
  if (place->sender != NULL)
    forget_idle (self, place->sender);
  g_free (place->name);
  g_free (place);
  hand_out (self);
}

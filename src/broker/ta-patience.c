/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-patience.h"

#include "base/ta-error.h"
#include "io/ta-clock.h"

/* From when one question of an application was shown it is half a minute until there may be
 * another, and from a no a whole one, in which it is refused unasked. Time in suspend counts. */

#define INTERVAL_MS (30 * 1000)
#define DENIAL_MS (60 * 1000)

struct _TaPatience
{
  GHashTable *pasts; /* (owned): name of an application (owned) to Past (owned) */
};

/* Times on the boot clock, ms. */
typedef struct
{
  gint64 quiet;  /* no question before then */
  gint64 denied; /* refused until then */
} Past;

static gboolean
is_over (gpointer key, gpointer value, gpointer now)
{
  const Past *past = value;

  return past->quiet <= *(gint64 *) now && past->denied <= *(gint64 *) now;
}

static Past *
find_or_add (TaPatience *self, const char *name)
{
  gint64 now = ta_clock_boot_ms ();
  Past *past;

  g_hash_table_foreach_remove (self->pasts, is_over, &now);
  past = g_hash_table_lookup (self->pasts, name);
  if (past == NULL)
    {
      past = g_new0 (Past, 1);
      g_hash_table_insert (self->pasts, g_strdup (name), past);
    }
  return past;
}

static int
round_up_to_seconds (gint64 milliseconds)
{
  return (int) ((milliseconds + 999) / 1000);
}

/* Whether the user may be asked for the application now.
 * Errors: TA_ERROR_NOT_AUTHORIZED: the user said no; TA_ERROR_BUSY: it is too early. */
gboolean
ta_patience_check (TaPatience *self, const char *name, GError **error)
{
  gint64 now = ta_clock_boot_ms ();
  const Past *past = g_hash_table_lookup (self->pasts, name);

  if (past != NULL && past->denied > now)
    g_set_error (error, TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                 "The user said no to this application a moment ago, and can be asked again in %d "
                 "seconds",
                 round_up_to_seconds (past->denied - now));
  else if (past != NULL && past->quiet > now)
    g_set_error (error, TA_ERROR, TA_ERROR_BUSY,
                 "The user was asked for this application a moment ago: try again in %d seconds",
                 round_up_to_seconds (past->quiet - now));
  else
    return TRUE;
  return FALSE;
}

void
ta_patience_note_question (TaPatience *self, const char *name)
{
  find_or_add (self, name)->quiet = ta_clock_boot_ms () + INTERVAL_MS;
}

void
ta_patience_note_denial (TaPatience *self, const char *name)
{
  find_or_add (self, name)->denied = ta_clock_boot_ms () + DENIAL_MS;
}

/* Whether no application has to wait. */
gboolean
ta_patience_is_over (TaPatience *self)
{
  gint64 now = ta_clock_boot_ms ();

  g_hash_table_foreach_remove (self->pasts, is_over, &now);
  return g_hash_table_size (self->pasts) == 0;
}

/* The user saw nothing of it. */
void
ta_patience_forget (TaPatience *self, const char *name)
{
  g_hash_table_remove (self->pasts, name);
}

TaPatience *
ta_patience_new (void)
{
  TaPatience *self = g_new0 (TaPatience, 1);

  self->pasts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
ta_patience_free (TaPatience *self)
{
  g_hash_table_unref (self->pasts);
  g_free (self);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-activities.h"

#include <string.h>

/* The last things that happened, in that order. A repetition is counted at its first occurrence,
 * which keeps its time and its place: so nothing ever moves in the list. When it is full, the
 * program that has most of it loses its oldest entry: what others did cannot be pushed out.
 *
 * As text, a line is what was known of an entry when it was written; a later line of the same
 * entry, which has a higher count, replaces it. So a file of lines only ever has to be added to. */

typedef struct
{
  TaActivity *activity; /* (owned) */
  gboolean is_new;      /* or has a new count */
} Entry;

struct _TaActivities
{
  GQueue entries;    /* (owned) (element-type Entry): the newest first */
  GHashTable *sizes; /* (owned): program (owned) to how many entries it has */
};

static void
entry_free (Entry *entry)
{
  ta_activity_free (entry->activity);
  g_free (entry);
}

TaActivities *
ta_activities_new (void)
{
  TaActivities *self = g_new0 (TaActivities, 1);

  g_queue_init (&self->entries);
  self->sizes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
ta_activities_free (TaActivities *self)
{
  g_queue_clear_full (&self->entries, (GDestroyNotify) entry_free);
  g_hash_table_unref (self->sizes);
  g_free (self);
}

guint
ta_activities_get_size (TaActivities *self)
{
  return self->entries.length;
}

static char *
name_program (const TaActivity *activity)
{
  return g_strconcat (activity->trust, " ", activity->app, NULL);
}

/* `name` is taken. */
static void
change_size (TaActivities *self, char *name, int change)
{
  int size = GPOINTER_TO_INT (g_hash_table_lookup (self->sizes, name)) + change;

  if (size > 0)
    {
      g_hash_table_replace (self->sizes, name, GINT_TO_POINTER (size));
      return;
    }
  g_hash_table_remove (self->sizes, name);
  g_free (name);
}

static int
get_largest_size (TaActivities *self)
{
  GHashTableIter iter;
  gpointer size;
  int largest = 0;

  g_hash_table_iter_init (&iter, self->sizes);
  while (g_hash_table_iter_next (&iter, NULL, &size))
    largest = MAX (largest, GPOINTER_TO_INT (size));
  return largest;
}

/* The oldest entry of a program that no other has more of. */
static void
remove_one (TaActivities *self)
{
  int largest = get_largest_size (self);

  for (GList *link = self->entries.tail; link != NULL; link = link->prev)
    {
      Entry *entry = link->data;
      g_autofree char *name = name_program (entry->activity);

      if (GPOINTER_TO_INT (g_hash_table_lookup (self->sizes, name)) < largest)
        continue;
      change_size (self, g_steal_pointer (&name), -1);
      g_queue_delete_link (&self->entries, link);
      entry_free (entry);
      return;
    }
}

static void
put (TaActivities *self, TaActivity *activity, gboolean is_new)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->activity = activity;
  entry->is_new = is_new;
  g_queue_push_head (&self->entries, entry);
  change_size (self, name_program (activity), 1);
  if (self->entries.length > TA_ACTIVITIES_MAX)
    remove_one (self);
}

/* Takes the activity. Whether it was listed; else it repeats another and was counted. */
gboolean
ta_activities_add (TaActivities *self, TaActivity *activity)
{
  for (GList *link = self->entries.head; link != NULL; link = link->next)
    {
      Entry *entry = link->data;

      if (activity->time - entry->activity->time >= TA_ACTIVITY_REPEAT)
        break;
      if (ta_activity_repeats (activity, entry->activity))
        {
          entry->activity->count++;
          entry->is_new = TRUE;
          ta_activity_free (activity);
          return FALSE;
        }
    }
  put (self, activity, TRUE);
  return TRUE;
}

/* Takes the activity. */
static void
put_read (TaActivities *self, TaActivity *activity)
{
  for (GList *link = self->entries.head; link != NULL; link = link->next)
    {
      Entry *entry = link->data;

      if (entry->activity->time + TA_ACTIVITY_REPEAT < activity->time)
        break;
      if (entry->activity->time == activity->time
          && ta_activity_is_like (entry->activity, activity))
        {
          entry->activity->count = MAX (entry->activity->count, activity->count);
          ta_activity_free (activity);
          return;
        }
    }
  put (self, activity, FALSE);
}

/* The lines of a file, the oldest first. Whether all of them could be understood and the last one
 * is whole; what could not be is passed over. */
gboolean
ta_activities_read (TaActivities *self, const char *lines)
{
  gboolean is_well = *lines == '\0' || g_str_has_suffix (lines, "\n");

  for (const char *line = lines; *line != '\0';)
    {
      gsize length = strcspn (line, "\n");
      g_autofree char *text = g_strndup (line, MIN (length, TA_ACTIVITY_LINE_MAX));
      TaActivity *activity = length > TA_ACTIVITY_LINE_MAX ? NULL : ta_activity_parse_line (text);

      if (activity != NULL)
        put_read (self, activity);
      else
        is_well = FALSE;
      line += length + (line[length] == '\n' ? 1 : 0);
    }
  return is_well;
}

static char *
write_lines (TaActivities *self, gboolean only_news)
{
  GString *lines = g_string_new (NULL);

  for (GList *link = self->entries.tail; link != NULL; link = link->prev)
    {
      const Entry *entry = link->data;
      g_autofree char *line = NULL;

      if (only_news && !entry->is_new)
        continue;
      line = ta_activity_to_line (entry->activity);
      g_string_append_printf (lines, "%s\n", line);
    }
  return g_string_free (lines, FALSE);
}

char *
ta_activities_to_lines (TaActivities *self)
{
  return write_lines (self, FALSE);
}

/* The lines of what was added or counted since the last ta_activities_forget_news(). */
char *
ta_activities_list_news (TaActivities *self)
{
  return write_lines (self, TRUE);
}

void
ta_activities_forget_news (TaActivities *self)
{
  for (GList *link = self->entries.head; link != NULL; link = link->next)
    ((Entry *) link->data)->is_new = FALSE;
}

/* (nullable): 0 is the newest. Owned by the list. */
const TaActivity *
ta_activities_get (TaActivities *self, guint position)
{
  const Entry *entry = g_queue_peek_nth (&self->entries, position);

  return entry == NULL ? NULL : entry->activity;
}

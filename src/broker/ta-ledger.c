/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-ledger.h"

#include "base/ta-activities.h"
#include "io/ta-activity-file.h"
#include "io/ta-clock.h"

#include <string.h>

/* Who asked for what, and what became of it: in memory for callers, in a file across restarts, in
 * the journal for who looks there. There are no secrets in it, and a path stands without its query.
 *
 * Nobody waits for the file: it is written a while after something happened, and once more at the
 * end. Lines are added to it; when it has grown long, the last ones are written anew. What in it is
 * damaged costs the damaged lines and nothing else. */

#define SAVE_SECONDS 5

/* For a count alone; the next thing that is listed takes it along. */
#define SAVE_COUNT_SECONDS 60

/* The file may grow to twice what has to be kept, and this at least. */
#define SIZE_MIN (256 * 1024)

struct _TaLedger
{
  GObject parent_instance;

  TaActivities *activities; /* (owned) */
  gsize size;               /* of the file */
  gsize size_max;
  guint timer;
  gboolean is_soon;    /* the timer's time is the shorter one */
  gboolean is_refused; /* the file cannot be used, which was told */
};

G_DEFINE_FINAL_TYPE (TaLedger, ta_ledger, G_TYPE_OBJECT)

static void
tell (TaLedger *self, const GError *error)
{
  if (!self->is_refused)
    g_message ("%s", error->message);
  self->is_refused = TRUE;
}

/* Reads it once more, because another broker may have added to it. */
static gboolean
shorten (TaLedger *self, GError **error)
{
  g_autoptr (TaActivities) kept = ta_activities_new ();
  g_autofree char *old = ta_activity_file_read (error);
  g_autofree char *lines = NULL;

  if (old == NULL)
    return FALSE;
  ta_activities_read (kept, old);
  lines = ta_activities_to_lines (kept);
  if (!ta_activity_file_replace (lines, error))
    return FALSE;
  self->size = strlen (lines);
  self->size_max = MAX (SIZE_MIN, 2 * self->size);
  return TRUE;
}

/* Writes what is not written yet. FALSE: it cannot be written. */
gboolean
ta_ledger_save (TaLedger *self)
{
  g_autofree char *lines = ta_activities_list_news (self->activities);
  g_autoptr (GError) error = NULL;

  g_clear_handle_id (&self->timer, g_source_remove);
  if (*lines == '\0')
    return TRUE;
  if ((self->size > self->size_max && !shorten (self, &error))
      || !ta_activity_file_append (lines, &self->size, &error))
    {
      tell (self, error);
      return FALSE;
    }
  self->is_refused = FALSE;
  ta_activities_forget_news (self->activities);
  return TRUE;
}

static gboolean
on_save_time (gpointer user_data)
{
  TaLedger *self = user_data;

  self->timer = 0;
  ta_ledger_save (self);
  return G_SOURCE_REMOVE;
}

static void
save_later (TaLedger *self, gboolean is_soon)
{
  if (self->timer != 0 && (self->is_soon || !is_soon))
    return;
  g_clear_handle_id (&self->timer, g_source_remove);
  self->is_soon = is_soon;
  self->timer
      = g_timeout_add_seconds (is_soon ? SAVE_SECONDS : SAVE_COUNT_SECONDS, on_save_time, self);
}

static void
load (TaLedger *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *lines = ta_activity_file_read (&error);

  if (lines == NULL)
    {
      tell (self, error);
      return;
    }
  self->size = strlen (lines);
  if (!ta_activities_read (self->activities, lines))
    {
      g_message ("The file with the activity is damaged: what can be read of it is kept");
      self->size_max = 0;
    }
}

static void
log_to_journal (const TaActivity *activity)
{
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "TIDIO_APP", activity->app, "TIDIO_TRUST",
                    activity->trust, "TIDIO_ACCOUNT", activity->account, "TIDIO_WHAT",
                    activity->what, "TIDIO_RESULT", activity->result, "MESSAGE",
                    "%s asked for %s of account %s: %s",
                    *activity->app != '\0' ? activity->app : "An unknown program", activity->what,
                    *activity->account != '\0' ? activity->account : "-", activity->result);
}

/* a{sv} */
static GVariant *
describe (const TaActivity *activity)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "time", "x", activity->time);
  g_variant_dict_insert (&dict, "app", "s", activity->app);
  g_variant_dict_insert (&dict, "trust", "s", activity->trust);
  g_variant_dict_insert (&dict, "account", "s", activity->account);
  g_variant_dict_insert (&dict, "what", "s", activity->what);
  g_variant_dict_insert (&dict, "result", "s", activity->result);
  g_variant_dict_insert (&dict, "count", "u", activity->count);
  return g_variant_dict_end (&dict);
}

/* `account`: empty for none in particular; `what`: "token", "sign-in", "sign-out", or method and
 * path; `result`: "ok", an HTTP status or the short name of an error. The same within a minute is
 * counted; only the first of it goes to the journal and is told. */
void
ta_ledger_record (TaLedger *self, const TaApplication *application, const char *account,
                  const char *what, const char *result)
{
  TaActivity *activity
      = ta_activity_new (ta_clock_now ().wall, application->id,
                         ta_application_trust_name (application->trust), account, what, result);
  gboolean is_listed = ta_activities_add (self->activities, activity);

  save_later (self, is_listed);
  if (!is_listed)
    return;
  log_to_journal (activity);
  g_signal_emit_by_name (self, "recorded", describe (activity));
}

/* aa{sv}, the newest first and `max` at most. Floating. */
GVariant *
ta_ledger_list (TaLedger *self, guint max)
{
  guint size = MIN (ta_activities_get_size (self->activities), max);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < size; i++)
    g_variant_builder_add_value (&builder, describe (ta_activities_get (self->activities, i)));
  return g_variant_builder_end (&builder);
}

static void
ta_ledger_init (TaLedger *self)
{
  self->activities = ta_activities_new ();
  self->size_max = SIZE_MIN;
}

static void
ta_ledger_finalize (GObject *object)
{
  TaLedger *self = TA_LEDGER (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  ta_activities_free (self->activities);
  G_OBJECT_CLASS (ta_ledger_parent_class)->finalize (object);
}

static void
ta_ledger_class_init (TaLedgerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_ledger_finalize;

  g_signal_new ("recorded", TA_TYPE_LEDGER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_VARIANT);
}

/* With what there was before a restart. */
TaLedger *
ta_ledger_new (void)
{
  TaLedger *self = g_object_new (TA_TYPE_LEDGER, NULL);

  load (self);
  return self;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-event.h"

#include "ta-cli.h"
#include "ta-entry.h"

#include <string.h>

/* What happened, one line each: time, kind and details for people, or a JSON object, which always
 * has all members of its kind. The words are those of the bus, and the same in any language. */

static JsonBuilder *
begin (const char *event)
{
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "event");
  json_builder_add_string_value (builder, event);
  return builder;
}

static void
add_now (JsonBuilder *builder)
{
  json_builder_set_member_name (builder, "time");
  json_builder_add_int_value (builder, g_get_real_time () / G_USEC_PER_SEC);
}

static void
add_text (JsonBuilder *builder, const char *name, const char *text)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, text);
}

static gboolean
end (JsonBuilder *builder, GError **error)
{
  json_builder_end_object (builder);
  return ta_cli_print_json_line (builder, error);
}

/* A line of the event and the words that are not empty. `time`: Unix seconds. */
static gboolean
print_words (gint64 time, const char *event, const char *const *words, GError **error)
{
  g_autoptr (GDateTime) local = g_date_time_new_from_unix_local (time);
  g_autofree char *clock = local == NULL ? g_strdup ("") : g_date_time_format (local, "%T");
  g_autoptr (GString) line = g_string_new (NULL);

  g_string_printf (line, "%s  %-8s", clock, event);
  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      g_string_append_printf (line, "  %s", words[i]);
  return ta_cli_print (error, "%s", line->str);
}

static gboolean
print_now (const char *event, const char *const *words, GError **error)
{
  return print_words (g_get_real_time () / G_USEC_PER_SEC, event, words, error);
}

gboolean
ta_event_print_broker (gboolean json, gboolean is_running, GError **error)
{
  const char *const words[] = { is_running ? "running" : "stopped", NULL };
  g_autoptr (JsonBuilder) builder = NULL;

  if (!json)
    return print_now ("broker", words, error);
  builder = begin ("broker");
  add_now (builder);
  add_text (builder, "state", words[0]);
  return end (builder, error);
}

/* `change`: "added", "changed", "refreshed" or "removed"; `state`: empty with the last two. */
gboolean
ta_event_print_account (gboolean json, const char *account, const char *change, const char *state,
                        GError **error)
{
  const char *const words[] = { account, change, state, NULL };
  g_autoptr (JsonBuilder) builder = NULL;

  if (!json)
    return print_now ("account", words, error);
  builder = begin ("account");
  add_now (builder);
  add_text (builder, "account", account);
  add_text (builder, "change", change);
  add_text (builder, "state", state);
  return end (builder, error);
}

/* `failure`: a short error name, empty unless it failed. */
gboolean
ta_event_print_sign_in (gboolean json, const char *account, const char *state, const char *failure,
                        GError **error)
{
  const char *const words[] = { account, state, failure, NULL };
  g_autoptr (JsonBuilder) builder = NULL;

  if (!json)
    return print_now ("sign-in", words, error);
  builder = begin ("sign-in");
  add_now (builder);
  add_text (builder, "account", account);
  add_text (builder, "state", state);
  add_text (builder, "error", failure);
  return end (builder, error);
}

gboolean
ta_event_print_activity (gboolean json, const TaActivity *activity, GError **error)
{
  g_autofree char *app = g_strdup_printf ("%s (%s)", activity->app, activity->trust);
  const char *const words[]
      = { activity->account, activity->what, activity->result, g_strchug (app), NULL };
  g_autoptr (JsonBuilder) builder = NULL;

  if (!json)
    return print_words (activity->time, "activity", words, error);
  builder = begin ("activity");
  ta_entry_add_json (builder, activity);
  return end (builder, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-entry.h"

/* An entry of the broker's ledger: how it comes over the bus, and how it is printed as JSON. */

/* From an a{sv}; what is missing in it is empty, or zero. */
TaActivity *
ta_entry_read (GVariant *entry)
{
  gint64 time = 0;
  const char *app = "";
  const char *trust = "";
  const char *account = "";
  const char *what = "";
  const char *result = "";
  TaActivity *activity;

  g_variant_lookup (entry, "time", "x", &time);
  g_variant_lookup (entry, "app", "&s", &app);
  g_variant_lookup (entry, "trust", "&s", &trust);
  g_variant_lookup (entry, "account", "&s", &account);
  g_variant_lookup (entry, "what", "&s", &what);
  g_variant_lookup (entry, "result", "&s", &result);
  activity = ta_activity_new (time, app, trust, account, what, result);
  g_variant_lookup (entry, "count", "u", &activity->count);
  return activity;
}

static void
add_text (JsonBuilder *builder, const char *name, const char *text)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, text);
}

/* The members of an object that is begun already. */
void
ta_entry_add_json (JsonBuilder *builder, const TaActivity *activity)
{
  json_builder_set_member_name (builder, "time");
  json_builder_add_int_value (builder, activity->time);
  add_text (builder, "app", activity->app);
  add_text (builder, "trust", activity->trust);
  add_text (builder, "account", activity->account);
  add_text (builder, "what", activity->what);
  add_text (builder, "result", activity->result);
  json_builder_set_member_name (builder, "count");
  json_builder_add_int_value (builder, activity->count);
}

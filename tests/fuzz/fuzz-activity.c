/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-activities.h"

#include "fuzz.h"

/* The ledger's file: what can be read of it is clean, of bounded length and number, and reads the
 * same once it was written again. */

static void
check_clean (const char *text, gsize max)
{
  g_assert_cmpuint (strlen (text), <=, max);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    g_assert_true (g_unichar_isprint (g_utf8_get_char (c)));
}

static void
check_activity (const TaActivity *activity)
{
  g_assert_cmpint (activity->time, >=, 0);
  g_assert_cmpuint (activity->count, >=, 1);
  check_clean (activity->app, 255);
  check_clean (activity->trust, 32);
  check_clean (activity->account, 64);
  check_clean (activity->what, 256);
  check_clean (activity->result, 64);
  g_assert_null (strpbrk (activity->what, "#"));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  g_autofree char *text = fuzz_take_text (&input);
  g_autoptr (TaActivities) list = ta_activities_new ();
  g_autoptr (TaActivities) again = ta_activities_new ();
  g_autofree char *lines = NULL;
  g_autofree char *lines_again = NULL;

  ta_activities_read (list, text);
  g_assert_cmpuint (ta_activities_get_size (list), <=, TA_ACTIVITIES_MAX);
  for (guint i = 0; i < ta_activities_get_size (list); i++)
    check_activity (ta_activities_get (list, i));
  lines = ta_activities_to_lines (list);
  g_assert_true (ta_activities_read (again, lines));
  lines_again = ta_activities_to_lines (again);
  g_assert_cmpstr (lines, ==, lines_again);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-activities.h"

#include "unit.h"

#define NOON G_GINT64_CONSTANT (1700000000)

static TaActivity *
token (gint64 time)
{
  return ta_activity_new (time, "editor", "host", "anna", "token", "ok");
}

typedef struct
{
  const char *id;
  const char *given;
  const char *kept;
} Text;

static const Text texts[] = {
  { "plain", "GET /contacts", "GET /contacts" },
  { "empty", "", "" },
  { "query", "GET /contacts?email=a%40b.c", "GET /contacts" },
  { "fragment", "GET /contacts#top", "GET /contacts" },
  { "tab", "GET\t/contacts", "GET_/contacts" },
  { "line", "token\nnext", "token_next" },
  { "escape", "\x1b[2Jtoken", "_[2Jtoken" },
  /* U+202E turns the direction of what follows. */
  { "direction",
    "a\xe2\x80\xae"
    "b",
    "a_b" },
  { "not-utf-8",
    "a\xff"
    "b",
    "a\xef\xbf\xbd"
    "b" },
  { "letters", "GET /\xc5\x82\xc3\xb3", "GET /\xc5\x82\xc3\xb3" },
};

static void
check_text (gconstpointer data)
{
  const Text *row = data;
  g_autoptr (TaActivity) activity = ta_activity_new (NOON, "", "host", "", row->given, "ok");

  g_assert_cmpstr (activity->what, ==, row->kept);
}

/* A long text ends with an ellipsis, never within a character, and stays as it is when it is read
 * again. */
static void
check_long (void)
{
  for (guint shift = 0; shift < 4; shift++)
    {
      g_autofree char *start = unit_repeat ("x", shift);
      g_autofree char *rest = unit_repeat ("\xe2\x82\xac", 500);
      g_autofree char *given = g_strconcat (start, rest, NULL);
      g_autoptr (TaActivity) activity = ta_activity_new (NOON, given, given, given, given, given);
      g_autofree char *line = ta_activity_to_line (activity);
      g_autoptr (TaActivity) again = ta_activity_parse_line (line);

      g_assert_cmpuint (strlen (line), <=, TA_ACTIVITY_LINE_MAX);
      g_assert_cmpuint (strlen (activity->app), <=, 255);
      g_assert_cmpuint (strlen (activity->what), >=, 250);
      g_assert_true (g_utf8_validate (line, -1, NULL));
      g_assert_true (g_str_has_suffix (activity->what, "\xe2\x80\xa6"));
      g_assert_true (ta_activity_is_like (activity, again));
    }
}

static void
check_line (void)
{
  g_autoptr (TaActivity) activity = token (NOON);
  g_autofree char *line = NULL;
  g_autoptr (TaActivity) again = NULL;

  activity->count = 7;
  line = ta_activity_to_line (activity);
  again = ta_activity_parse_line (line);
  g_assert_cmpstr (line, ==, "1700000000\t7\thost\teditor\tanna\ttoken\tok");
  g_assert_true (ta_activity_is_like (activity, again));
  g_assert_cmpint (again->time, ==, NOON);
  g_assert_cmpuint (again->count, ==, 7);
}

static const char *const no_lines[] = {
  "",
  "\t\t\t\t\t\t",
  "1700000000\t1\thost\teditor\tanna\ttoken",
  "1700000000\t1\thost\teditor\tanna\ttoken\tok\tmore",
  "1700000000\t0\thost\teditor\tanna\ttoken\tok",
  "1700000000\t4294967296\thost\teditor\tanna\ttoken\tok",
  "1700000000\t-1\thost\teditor\tanna\ttoken\tok",
  "-1\t1\thost\teditor\tanna\ttoken\tok",
  "253402300800\t1\thost\teditor\tanna\ttoken\tok",
  "99999999999999999999\t1\thost\teditor\tanna\ttoken\tok",
  "noon\t1\thost\teditor\tanna\ttoken\tok",
};

static void
check_no_lines (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (no_lines); i++)
    g_assert_null (ta_activity_parse_line (no_lines[i]));
}

typedef struct
{
  const char *id;
  gint64 seconds; /* after the first */
  const char *app;
  const char *account;
  const char *what;
  const char *result;
  gboolean is_listed;
} Second;

static const Second seconds[] = {
  { "same", 0, "editor", "anna", "token", "ok", FALSE },
  { "within-a-minute", 59, "editor", "anna", "token", "ok", FALSE },
  { "after-a-minute", 60, "editor", "anna", "token", "ok", TRUE },
  { "clock-put-back", -1, "editor", "anna", "token", "ok", TRUE },
  { "app", 1, "browser", "anna", "token", "ok", TRUE },
  { "account", 1, "editor", "bert", "token", "ok", TRUE },
  { "what", 1, "editor", "anna", "GET /", "ok", TRUE },
  { "result", 1, "editor", "anna", "token", "Network", TRUE },
};

static void
check_second (gconstpointer data)
{
  const Second *row = data;
  g_autoptr (TaActivities) list = ta_activities_new ();

  g_assert_true (ta_activities_add (list, token (NOON)));
  g_assert_true (ta_activities_add (list, ta_activity_new (NOON + row->seconds, row->app, "host",
                                                           row->account, row->what, row->result))
                 == row->is_listed);
  g_assert_cmpuint (ta_activities_get_size (list), ==, row->is_listed ? 2 : 1);
  g_assert_cmpuint (ta_activities_get (list, 0)->count, ==, row->is_listed ? 1 : 2);
  g_assert_cmpint (ta_activities_get (list, 0)->time, ==,
                   row->is_listed ? NOON + row->seconds : NOON);
}

/* Two that take turns are two entries, however often. */
static void
check_turns (void)
{
  g_autoptr (TaActivities) list = ta_activities_new ();

  for (guint i = 0; i < 100; i++)
    ta_activities_add (list, ta_activity_new (NOON + i / 4, i % 2 == 0 ? "even" : "odd", "host", "",
                                              "token", "ok"));
  g_assert_cmpuint (ta_activities_get_size (list), ==, 2);
  g_assert_cmpstr (ta_activities_get (list, 0)->app, ==, "odd");
  g_assert_cmpuint (ta_activities_get (list, 0)->count, ==, 50);
  g_assert_cmpuint (ta_activities_get (list, 1)->count, ==, 50);
}

static void
add_numbered (TaActivities *list, guint from, guint to)
{
  for (guint i = from; i < to; i++)
    {
      g_autofree char *what = g_strdup_printf ("GET /%u", i);

      ta_activities_add (list, ta_activity_new (NOON + i, "editor", "host", "", what, "200"));
    }
}

/* The newest first, and no more than fit. */
static void
check_ring (void)
{
  g_autoptr (TaActivities) list = ta_activities_new ();

  add_numbered (list, 0, TA_ACTIVITIES_MAX + 500);
  g_assert_cmpuint (ta_activities_get_size (list), ==, TA_ACTIVITIES_MAX);
  for (guint i = 0; i < TA_ACTIVITIES_MAX; i++)
    g_assert_cmpint (ta_activities_get (list, i)->time, ==, NOON + TA_ACTIVITIES_MAX + 499 - i);
  g_assert_null (ta_activities_get (list, TA_ACTIVITIES_MAX));
}

/* One that asks for ever other things pushes out what it did itself, now and when it is read. */
static void
check_shares (void)
{
  g_autoptr (TaActivities) list = ta_activities_new ();
  g_autoptr (TaActivities) read = ta_activities_new ();
  g_autofree char *lines = NULL;

  ta_activities_add (list, ta_activity_new (NOON - 1, "org.example.App", "sandboxed", "anna",
                                            "token", "NotAuthorized"));
  add_numbered (list, 0, 2 * TA_ACTIVITIES_MAX);
  g_assert_cmpuint (ta_activities_get_size (list), ==, TA_ACTIVITIES_MAX);
  g_assert_cmpstr (ta_activities_get (list, TA_ACTIVITIES_MAX - 1)->app, ==, "org.example.App");
  lines = ta_activities_to_lines (list);
  g_assert_true (ta_activities_read (read, lines));
  add_numbered (read, 2 * TA_ACTIVITIES_MAX, 3 * TA_ACTIVITIES_MAX);
  g_assert_cmpuint (ta_activities_get_size (read), ==, TA_ACTIVITIES_MAX);
  g_assert_cmpstr (ta_activities_get (read, TA_ACTIVITIES_MAX - 1)->app, ==, "org.example.App");
}

static void
assert_same (TaActivities *list, TaActivities *other)
{
  g_autofree char *lines = ta_activities_to_lines (list);
  g_autofree char *other_lines = ta_activities_to_lines (other);

  g_assert_cmpstr (lines, ==, other_lines);
}

static void
check_lines (void)
{
  g_autoptr (TaActivities) list = ta_activities_new ();
  g_autoptr (TaActivities) again = ta_activities_new ();
  g_autofree char *lines = NULL;

  add_numbered (list, 0, 10);
  add_numbered (list, 5, 10);
  lines = ta_activities_to_lines (list);
  g_assert_true (ta_activities_read (again, lines));
  assert_same (list, again);
  g_assert_true (ta_activities_read (again, ""));
}

/* What is written bit by bit is the same as what is written at once. */
static void
check_news (void)
{
  g_autoptr (TaActivities) list = ta_activities_new ();
  g_autoptr (TaActivities) again = ta_activities_new ();
  g_autoptr (GString) file = g_string_new (NULL);
  g_autofree char *none = NULL;

  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *news = NULL;

      add_numbered (list, i, i + 3);
      news = ta_activities_list_news (list);
      g_string_append (file, news);
      ta_activities_forget_news (list);
    }
  none = ta_activities_list_news (list);
  g_assert_cmpstr (none, ==, "");
  g_assert_cmpuint (ta_activities_get (list, 5)->count, ==, 3);
  g_assert_true (ta_activities_read (again, file->str));
  assert_same (list, again);
}

static void
check_damaged (void)
{
  g_autoptr (TaActivities) list = ta_activities_new ();
  g_autofree char *long_text = unit_repeat ("x", 100000);
  g_autofree char *text
      = g_strconcat ("1700000000\t1\thost\teditor\tanna\ttoken\tok\n\n\xff\xfe?\n", long_text,
                     "\n1700000001\t1\thost\teditor\tanna\ttoken\tNetwork\n170000", NULL);

  g_assert_false (ta_activities_read (list, text));
  g_assert_cmpuint (ta_activities_get_size (list), ==, 2);
  g_assert_cmpstr (ta_activities_get (list, 0)->result, ==, "Network");
  g_assert_false (ta_activities_read (list, "1700000002\t1\thost\teditor\tanna\ttoken\tok"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/activity/text", texts, check_text)
  g_test_add_func ("/activity/long", check_long);
  g_test_add_func ("/activity/line", check_line);
  g_test_add_func ("/activity/no-lines", check_no_lines);
  UNIT_ADD_ROWS ("/activities/second", seconds, check_second)
  g_test_add_func ("/activities/turns", check_turns);
  g_test_add_func ("/activities/ring", check_ring);
  g_test_add_func ("/activities/shares", check_shares);
  g_test_add_func ("/activities/lines", check_lines);
  g_test_add_func ("/activities/news", check_news);
  g_test_add_func ("/activities/damaged", check_damaged);
  return g_test_run ();
}

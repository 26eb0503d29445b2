/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-alarm.h"
#include "io/ta-clock.h"

#include "unit.h"

#include <gio/gio.h>
#include <sys/resource.h>

typedef struct
{
  TaAlarm *alarm; /* (owned) (nullable) */
  guint rings;
  gboolean frees; /* the alarm, when it rings */
} Bell;

static void
bell_clear (Bell *bell)
{
  g_clear_pointer (&bell->alarm, ta_alarm_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bell, bell_clear)

static void
on_ring (gpointer user_data)
{
  Bell *bell = user_data;

  bell->rings++;
  if (bell->frees)
    g_clear_pointer (&bell->alarm, ta_alarm_free);
}

static void
set (Bell *bell, gint64 milliseconds)
{
  bell->alarm = ta_alarm_new (milliseconds, on_ring, bell);
}

static void
await (Bell *bell)
{
  while (bell->rings == 0)
    g_main_context_iteration (NULL, TRUE);
}

/* Lets whatever is due come, and more: a second alarm of the same length. */
static void
pass (gint64 milliseconds)
{
  g_auto (Bell) later = { 0 };

  set (&later, milliseconds);
  await (&later);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

typedef struct
{
  const char *id;
  gint64 milliseconds;
} Length;

static const Length lengths[] = {
  { "0", 0 }, { "1", 1 }, { "50", 50 }, { "999", 999 }, { "1000", 1000 }, { "1001", 1001 },
};

/* Never early, and once. */
static void
check_length (gconstpointer data)
{
  const Length *row = data;
  gint64 start = ta_clock_boot_ms ();
  g_auto (Bell) bell = { 0 };

  set (&bell, row->milliseconds);
  g_assert_cmpuint (bell.rings, ==, 0);
  await (&bell);
  g_assert_cmpint (ta_clock_boot_ms () - start, >=, row->milliseconds);
  pass (50);
  g_assert_cmpuint (bell.rings, ==, 1);
}

static void
check_not_yet (void)
{
  g_auto (Bell) hour = { 0 };
  g_auto (Bell) century = { 0 };

  set (&hour, 3600000);
  set (&century, G_GINT64_CONSTANT (3155760000000));
  pass (50);
  g_assert_cmpuint (hour.rings, ==, 0);
  g_assert_cmpuint (century.rings, ==, 0);
}

static void
check_freed_before (void)
{
  g_auto (Bell) bell = { 0 };

  set (&bell, 20);
  bell_clear (&bell);
  pass (20);
  g_assert_cmpuint (bell.rings, ==, 0);
}

/* It is due, but nothing has looked yet. */
static void
check_freed_when_due (void)
{
  g_auto (Bell) bell = { 0 };
  gint64 start = ta_clock_boot_ms ();

  set (&bell, 1);
  while (ta_clock_boot_ms () < start + 3)
    ;
  bell_clear (&bell);
  pass (1);
  g_assert_cmpuint (bell.rings, ==, 0);
}

static void
check_freed_by_its_function (void)
{
  g_auto (Bell) bell = { .frees = TRUE };

  set (&bell, 1);
  await (&bell);
  g_assert_null (bell.alarm);
  pass (1);
  g_assert_cmpuint (bell.rings, ==, 1);
}

/* Where the process may open no more files, GLib's clock has to do. */
static void
check_no_descriptor (void)
{
  g_auto (Bell) bell = { 0 };
  g_auto (Bell) freed = { 0 };
  struct rlimit limit;
  struct rlimit none;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  none = limit;
  none.rlim_cur = 0;
  pass (1);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  set (&bell, 20);
  set (&freed, 1);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  bell_clear (&freed);
  await (&bell);
  pass (1);
  g_assert_cmpuint (bell.rings, ==, 1);
  g_assert_cmpuint (freed.rings, ==, 0);
}

static void
check_nothing_left (void)
{
  guint before;

  pass (1);
  before = unit_count_descriptors ();
  for (int i = 0; i < 100; i++)
    {
      g_auto (Bell) bell = { 0 };

      set (&bell, 3600000);
    }
  pass (1);
  g_assert_cmpuint (unit_count_descriptors (), ==, before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/alarm/UN-AL-01-length", lengths, check_length);
  g_test_add_func ("/alarm/UN-AL-02-not-yet", check_not_yet);
  g_test_add_func ("/alarm/UN-AL-03-freed-before", check_freed_before);
  g_test_add_func ("/alarm/UN-AL-04-freed-when-due", check_freed_when_due);
  g_test_add_func ("/alarm/UN-AL-05-freed-by-its-function", check_freed_by_its_function);
  g_test_add_func ("/alarm/UN-AL-06-no-descriptor", check_no_descriptor);
  g_test_add_func ("/alarm/UN-AL-07-nothing-left", check_nothing_left);
  return g_test_run ();
}

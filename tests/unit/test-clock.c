/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-clock.h"

#include "unit.h"

#include <time.h>

static gint64
read_ms (clockid_t clock)
{
  struct timespec time;

  g_assert_cmpint (clock_gettime (clock, &time), ==, 0);
  return time.tv_sec * G_GINT64_CONSTANT (1000) + time.tv_nsec / 1000000;
}

static void
check_wall (void)
{
  gint64 before = read_ms (CLOCK_REALTIME) / 1000;
  TaInstant now = ta_clock_now ();
  gint64 after = read_ms (CLOCK_REALTIME) / 1000;

  g_assert_cmpint (now.wall, >=, before);
  g_assert_cmpint (now.wall, <=, after);
}

/* 0 would mean that it is not known. */
static void
check_boot (void)
{
  gint64 before = read_ms (CLOCK_BOOTTIME) / 1000;
  TaInstant now = ta_clock_now ();
  gint64 after = read_ms (CLOCK_BOOTTIME) / 1000;

  g_assert_cmpint (now.boot, >=, before);
  g_assert_cmpint (now.boot, <=, after);
  g_assert_cmpint (now.boot, >, 0);
}

static void
check_boot_ms (void)
{
  gint64 before = read_ms (CLOCK_BOOTTIME);
  gint64 now = ta_clock_boot_ms ();
  gint64 after = read_ms (CLOCK_BOOTTIME);

  g_assert_cmpint (now, >=, before);
  g_assert_cmpint (now, <=, after);
  g_assert_cmpint (now / 1000, <=, ta_clock_now ().boot);
}

/* CL-02: the clock that stops in suspend is never ahead of it. */
static void
check_suspend_counts (void)
{
  gint64 without_suspend = read_ms (CLOCK_MONOTONIC);

  g_assert_cmpint (ta_clock_boot_ms (), >=, without_suspend);
}

static void
check_never_back (void)
{
  gint64 last = 0;

  for (int i = 0; i < 10000; i++)
    {
      gint64 now = ta_clock_boot_ms ();

      g_assert_cmpint (now, >=, last);
      last = now;
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clock/UN-CK-01-wall", check_wall);
  g_test_add_func ("/clock/UN-CK-02-boot", check_boot);
  g_test_add_func ("/clock/UN-CK-03-boot-ms", check_boot_ms);
  g_test_add_func ("/clock/UN-CK-04-suspend-counts", check_suspend_counts);
  g_test_add_func ("/clock/UN-CK-05-never-back", check_never_back);
  return g_test_run ();
}

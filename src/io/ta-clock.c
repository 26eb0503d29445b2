/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-clock.h"

#include <time.h>

static gint64
read_ms (clockid_t clock)
{
  struct timespec time = { 0 };

  clock_gettime (clock, &time);
  return time.tv_sec * G_GINT64_CONSTANT (1000) + time.tv_nsec / 1000000;
}

TaInstant
ta_clock_now (void)
{
  return (TaInstant){ .wall = read_ms (CLOCK_REALTIME) / 1000,
                      .boot = read_ms (CLOCK_BOOTTIME) / 1000 };
}

/* Milliseconds of the boot clock. */
gint64
ta_clock_boot_ms (void)
{
  return read_ms (CLOCK_BOOTTIME);
}

/* (transfer full): another one since each start of the computer, that is: of the boot clock; empty
 * if it is not told. */
char *
ta_clock_get_boot_id (void)
{
  char *id = NULL;

  g_file_get_contents ("/proc/sys/kernel/random/boot_id", &id, NULL, NULL);
  return id == NULL ? g_strdup ("") : g_strchomp (id);
}

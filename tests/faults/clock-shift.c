/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Preloaded into a program under test: moves its wall clock, and its clock that also counts
 * suspends, by what stands in the file $CLOCK_SHIFT_FILE names: two 64-bit numbers of seconds,
 * which the tests change in place. CLOCK_MONOTONIC is never touched, so waits take as long as ever;
 * but timers that are set by timerfd_settime() expire $CLOCK_TIMER_RATE times as soon. */

typedef struct
{
  int64_t real;
  int64_t boot;
} Shift;

static const Shift *
find_shift (void)
{
  static const Shift none = { 0, 0 };
  static const Shift *shift;
  const char *path = getenv ("CLOCK_SHIFT_FILE");
  void *mapped = MAP_FAILED;
  int file;

  if (shift != NULL)
    return shift;
  file = path == NULL ? -1 : open (path, O_RDONLY | O_CLOEXEC);
  if (file >= 0)
    {
      mapped = mmap (NULL, sizeof (Shift), PROT_READ, MAP_SHARED, file, 0);
      close (file);
    }
  shift = mapped == MAP_FAILED ? &none : mapped;
  return shift;
}

int
clock_gettime (clockid_t clock, struct timespec *now)
{
  int result = (int) syscall (SYS_clock_gettime, clock, now);

  if (result != 0)
    return result;
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
    now->tv_sec += find_shift ()->real;
  else if (clock == CLOCK_BOOTTIME || clock == CLOCK_BOOTTIME_ALARM)
    now->tv_sec += find_shift ()->boot;
  return result;
}

int
gettimeofday (struct timeval *restrict now, void *restrict zone)
{
  struct timespec fine;

  clock_gettime (CLOCK_REALTIME, &fine);
  now->tv_sec = fine.tv_sec;
  now->tv_usec = fine.tv_nsec / 1000;
  return 0;
}

time_t
time (time_t *out)
{
  struct timespec fine;

  clock_gettime (CLOCK_REALTIME, &fine);
  if (out != NULL)
    *out = fine.tv_sec;
  return fine.tv_sec;
}

int
timerfd_settime (int fd, int flags, const struct itimerspec *time, struct itimerspec *previous)
{
  const char *rate = getenv ("CLOCK_TIMER_RATE");
  int64_t nanoseconds = time->it_value.tv_sec * INT64_C (1000000000) + time->it_value.tv_nsec;
  struct itimerspec sooner = *time;

  if (rate != NULL && nanoseconds > 0)
    nanoseconds = nanoseconds / atoi (rate) + 1;
  sooner.it_value.tv_sec = nanoseconds / 1000000000;
  sooner.it_value.tv_nsec = nanoseconds % 1000000000;
  return (int) syscall (SYS_timerfd_settime, fd, flags, &sooner, previous);
}

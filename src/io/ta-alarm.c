/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-alarm.h"

#include <glib-unix.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct _TaAlarm
{
  int fd; /* (owned): -1 where the kernel gave none, and GLib's clock has to do */
  guint source;
  TaAlarmFunc function;
  gpointer user_data; /* (unowned) */
};

/* The function may free the alarm. */
static void
ring (TaAlarm *self)
{
  self->source = 0;
  self->function (self->user_data);
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  ring (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_timeout (gpointer user_data)
{
  ring (user_data);
  return G_SOURCE_REMOVE;
}

/* Not called after ta_alarm_free(). */
TaAlarm *
ta_alarm_new (gint64 milliseconds, TaAlarmFunc function, gpointer user_data)
{
  TaAlarm *self = g_new0 (TaAlarm, 1);
  struct itimerspec time = {
    .it_value = { .tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000 + 1 },
  };

  self->function = function;
  self->user_data = user_data;
  self->fd = timerfd_create (CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (self->fd >= 0 && timerfd_settime (self->fd, 0, &time, NULL) == 0)
    self->source = g_unix_fd_add (self->fd, G_IO_IN, on_readable, self);
  else
    self->source = g_timeout_add ((guint) milliseconds, on_timeout, self);
  return self;
}

void
ta_alarm_free (TaAlarm *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

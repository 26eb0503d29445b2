/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pour.h"

#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

#define BLOCK 262144
#define PIPE_SIZE (1 << 20)

int
pour (const char *bytes)
{
  static char block[BLOCK];
  gint64 left = g_ascii_strtoll (bytes, NULL, 10);
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) != 0)
    return -1;
  fcntl (ends[1], F_SETPIPE_SZ, PIPE_SIZE);
  if (left > 0 && fork () == 0)
    {
      close (ends[0]);
      while (left > 0)
        {
          gssize n = write (ends[1], block, (gsize) MIN (left, BLOCK));

          if (n <= 0)
            _exit (1);
          left -= n;
        }
      _exit (0);
    }
  close (ends[1]);
  return ends[0];
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "samples.h"

/* A command from its start to its end, again and again; its output is thrown away.
 *
 *   spawn TIMES COMMAND…
 */

int
main (int argc, char **argv)
{
  posix_spawn_file_actions_t actions;
  Samples samples;

  if (argc < 3)
    return 2;
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_addopen (&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  samples_begin (&samples);
  for (gint64 left = g_ascii_strtoll (argv[1], NULL, 10); left > 0; left--)
    {
      gint64 since = g_get_monotonic_time ();
      int status = -1;
      pid_t pid;

      if (posix_spawnp (&pid, argv[2], &actions, NULL, argv + 2, environ) == 0)
        waitpid (pid, &status, 0);
      if (status == 0)
        samples_add (&samples, since);
      else
        samples.errors++;
    }
  posix_spawn_file_actions_destroy (&actions);
  return samples_end (&samples);
}

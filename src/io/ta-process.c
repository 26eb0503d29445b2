/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-process.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What this process is to the rest of the computer: no environment that weakens it, no core dump,
 * no reading of its memory by the user's other programs, no file that others may read. */

/* GnuTLS reads them when it is loaded, which is before main(). */
static const char *const read_early[] = { "GNUTLS_SYSTEM_PRIORITY_FILE", "GNUTLS_DEBUG_LEVEL" };

/* The file mode mask that the process was started with, in octal: for what it starts that is the
 * user's own. */
#define UMASK "TIDIO_AUTH_UMASK"

/* Returns only if the program could not be started once more. */
static void
start_over (char **argv)
{
  char program[4096];
  ssize_t length = readlink ("/proc/self/exe", program, sizeof program - 1);

  if (length < 0)
    return;
  program[length] = '\0';
  execv (program, argv);
}

/* Unsets variables that would print messages, log TLS keys or put other code or another keyring in
 * the place of the system's. G_MESSAGES_DEBUG is not among them: what it shows has no secrets.
 * Returns whether one of them had its effect already, when the program was loaded. */
gboolean
ta_process_clean_environment (void)
{
  const char *const unwanted[] = {
    "SSLKEYLOGFILE",
    "G_DBUS_DEBUG",
    "SECRET_BACKEND",
    "SECRET_FILE_TEST_PATH",
    "SECRET_FILE_TEST_PASSWORD",
    "SECRET_SERVICE_BUS_NAME",
    "SNAP_NAME",
    "SOUP_SERVER_HTTP2",
    "GIO_USE_TLS",
    "GIO_MODULE_DIR",
    "GIO_EXTRA_MODULES",
    "G_TLS_GNUTLS_PRIORITY",
    "PX_MODULE_PATH",
  };
  gboolean is_late = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (unwanted); i++)
    unsetenv (unwanted[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (read_early); i++)
    {
      is_late |= getenv (read_early[i]) != NULL;
      unsetenv (read_early[i]);
    }
  setenv ("SOUP_FORCE_HTTP1", "1", 1);
  return is_late;
}

/* Larger blocks than this go back to the system as soon as they are freed. The C library would
 * raise its limit with each of them, and keep what the bodies of API calls have held. */
#define BLOCK_MAX (128 * 1024)

/* To be called before anything of GLib is, and before there is a thread. The hard limit stays: what
 * the process starts may want core dumps again. */
void
ta_process_harden (char **argv)
{
  struct rlimit core;
  char mask[8];

  if (ta_process_clean_environment ())
    start_over (argv);
  snprintf (mask, sizeof mask, "%04o", (unsigned) umask (077));
  setenv (UMASK, mask, 1);
  mallopt (M_MMAP_THRESHOLD, BLOCK_MAX);
  prctl (PR_SET_DUMPABLE, 0);
  if (getrlimit (RLIMIT_CORE, &core) != 0)
    return;
  core.rlim_cur = 0;
  setrlimit (RLIMIT_CORE, &core);
}

/* Unsets a variable and wipes it: /proc/PID/environ shows the memory that a process was started
 * with. */
void
ta_process_forget_variable (const char *name)
{
  char *value = getenv (name);

  if (value == NULL)
    return;
  explicit_bzero (value, strlen (value));
  unsetenv (name);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-prompt.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* Reads a secret from the terminal without echo, or one line from a standard input that is none.
 *
 * A signal that ends the program must not leave the terminal without echo. The signals are blocked
 * while the echo is off and read from a descriptor instead of being handled: they take effect when
 * the terminal is as it was. This holds only while the process has one thread, so the secret is
 * read before there is a bus connection. */

#define SECRET_MAX 4096

/* FALSE at the end of the input or when something is to be read from `signals`, -1 for none. */
static gboolean
wait_for_input (int signals)
{
  struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { signals, POLLIN, 0 } };
  int ready;

  do
    ready = poll (fds, G_N_ELEMENTS (fds), -1);
  while (ready < 0 && errno == EINTR);
  return ready > 0 && (fds[1].revents & POLLIN) == 0;
}

/* One line with its end; without it if the input ended first. One byte more than a good line has
 * is enough to see that it is none. */
static void
read_line (GString *line, int signals)
{
  while (line->len <= SECRET_MAX + 1 && memchr (line->str, '\n', line->len) == NULL)
    {
      char chunk[256];
      gssize length;

      if (!wait_for_input (signals))
        return;
      length = read (STDIN_FILENO, chunk, sizeof chunk);
      if (length == 0 || (length < 0 && errno != EINTR && errno != EAGAIN))
        return;
      if (length > 0)
        g_string_append_len (line, chunk, length);
      explicit_bzero (chunk, sizeof chunk);
    }
}

static TaSecret *
parse_line (const GString *line, GError **error)
{
  const char *end = memchr (line->str, '\n', line->len);
  gsize length = end != NULL ? (gsize) (end - line->str) : line->len;
  g_autoptr (TaSecretString) text = NULL;

  if (length > 0 && line->str[length - 1] == '\r')
    length--;
  for (gsize i = 0; i < length; i++)
    if (g_ascii_iscntrl (line->str[i]))
      {
        g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                             _ ("The secret has a control character in it"));
        return NULL;
      }
  if (length > SECRET_MAX)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   ngettext ("The secret is longer than %d byte",
                             "The secret is longer than %d bytes", SECRET_MAX),
                   SECRET_MAX);
      return NULL;
    }
  text = g_strndup (line->str, length);
  return ta_secret_new (text);
}

static void
take_signal (int signals)
{
  struct signalfd_siginfo info;

  if (read (signals, &info, sizeof info) == (gssize) sizeof info)
    raise ((int) info.ssi_signo);
}

static gboolean
read_hidden (const char *prompt, GString *line, GError **error)
{
  struct termios shown;
  struct termios hidden;
  sigset_t blocked;
  sigset_t before;
  gboolean is_entered;
  int signals;

  sigemptyset (&blocked);
  sigaddset (&blocked, SIGHUP);
  sigaddset (&blocked, SIGINT);
  sigaddset (&blocked, SIGQUIT);
  sigaddset (&blocked, SIGTERM);
  sigaddset (&blocked, SIGTSTP);
  signals = tcgetattr (STDIN_FILENO, &shown) != 0
                ? -1
                : signalfd (-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("Could not use the terminal: %s"),
                   g_strerror (errno));
      return FALSE;
    }
  hidden = shown;
  hidden.c_lflag = (hidden.c_lflag & ~(tcflag_t) ECHO) | ECHONL;
  sigprocmask (SIG_BLOCK, &blocked, &before);
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &hidden);
  g_printerr ("%s", prompt);
  read_line (line, signals);
  tcsetattr (STDIN_FILENO, TCSANOW, &shown);
  is_entered = line->len > SECRET_MAX || memchr (line->str, '\n', line->len) != NULL;
  if (!is_entered)
    g_printerr ("\n");
  take_signal (signals);
  sigprocmask (SIG_SETMASK, &before, NULL);
  close (signals);
  if (is_entered)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("No secret was entered"));
  return FALSE;
}

/* An empty secret is an empty line, or the end of a standard input that is no terminal. */
TaSecret *
ta_prompt_read_secret (const char *prompt, GError **error)
{
  /* Large enough never to be moved: a moved buffer leaves its old copy behind. */
  g_autoptr (TaSecretGString) line = g_string_sized_new (2 * SECRET_MAX);

  if (!isatty (STDIN_FILENO))
    read_line (line, -1);
  else if (!read_hidden (prompt, line, error))
    return NULL;
  return parse_line (line, error);
}

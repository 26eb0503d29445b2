/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-paste.h"

#include "base/ta-secret.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

/* A line is a redirect address and so has an authorization code in it: what is read is wiped. */

#define LINE_MAX_BYTES 8192

struct _TaPaste
{
  TaPasteFunc callback;
  gpointer user_data;       /* (unowned) */
  TaSecretGString *pending; /* (owned) */
  guint source;
};

gboolean
ta_paste_is_possible (void)
{
  return isatty (STDIN_FILENO);
}

static void
take_lines (TaPaste *self)
{
  char *end;

  while ((end = memchr (self->pending->str, '\n', self->pending->len)) != NULL)
    {
      gsize length = (gsize) (end - self->pending->str);
      g_autoptr (TaSecretString) line = g_strndup (self->pending->str, length);

      g_string_erase (self->pending, 0, (gssize) length + 1);
      g_strstrip (line);
      if (*line != '\0')
        self->callback (line, self->user_data);
    }
  if (self->pending->len >= LINE_MAX_BYTES)
    g_string_truncate (self->pending, 0);
}

static gboolean
on_input (int fd, GIOCondition condition, gpointer user_data)
{
  TaPaste *self = user_data;
  char chunk[1024];
  gssize length = read (fd, chunk, sizeof chunk);

  if (length < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (length <= 0)
    {
      self->source = 0;
      return G_SOURCE_REMOVE;
    }
  g_string_append_len (self->pending, chunk, length);
  explicit_bzero (chunk, sizeof chunk);
  take_lines (self);
  return G_SOURCE_CONTINUE;
}

TaPaste *
ta_paste_new (TaPasteFunc callback, gpointer user_data)
{
  TaPaste *self = g_new0 (TaPaste, 1);

  self->callback = callback;
  self->user_data = user_data;
  self->pending = g_string_sized_new (2 * LINE_MAX_BYTES);
  self->source = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, self);
  return self;
}

void
ta_paste_free (TaPaste *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
  ta_secret_free_gstring (self->pending);
  g_free (self);
}

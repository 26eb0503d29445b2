/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-qr.h"

#include "ta-cli.h"

#include <qrencode.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A QR code (ISO/IEC 18004) in a terminal. A character cell is about twice as high as wide, so each
 * holds two modules, one above the other, as a half block. Light is what is drawn and dark what is
 * left out, in colours of our own: many readers do not take a code whose colours are swapped, and
 * terminals are dark or light. Where colours are not wanted, the terminal is taken for a dark one.
 *
 * The margin is half of what the standard asks for, so that a usual address fits 24 lines. */

#define MARGIN 2

/* Below the picture. */
#define LINES_BELOW 1

#define COLORS "\033[97;40m"
#define NO_COLORS "\033[0m"

/* Around the code everything is light. */
static gboolean
is_light (const QRcode *code, int x, int y)
{
  if (x < 0 || y < 0 || x >= code->width || y >= code->width)
    return TRUE;
  return (code->data[y * code->width + x] & 1) == 0;
}

/* An odd last line has nothing below it. */
static const char *
get_cell (const QRcode *code, int x, int y)
{
  static const char *const cells[] = { " ", "\u2584", "\u2580", "\u2588" };
  gboolean has_lower = y + 1 < code->width + MARGIN;

  return cells[2 * is_light (code, x, y) + (has_lower && is_light (code, x, y + 1))];
}

static gboolean
has_room (const QRcode *code, int fd)
{
  int size = code->width + 2 * MARGIN;
  struct winsize window;

  return ioctl (fd, TIOCGWINSZ, &window) == 0 && window.ws_col >= size
         && window.ws_row >= (size + 1) / 2 + LINES_BELOW;
}

static char *
draw (const QRcode *code, gboolean is_colored)
{
  GString *picture = g_string_new (NULL);

  for (int y = -MARGIN; y < code->width + MARGIN; y += 2)
    {
      g_string_append (picture, is_colored ? COLORS : "");
      for (int x = -MARGIN; x < code->width + MARGIN; x++)
        g_string_append (picture, get_cell (code, x, y));
      g_string_append (picture, is_colored ? NO_COLORS "\n" : "\n");
    }
  return g_string_free (picture, FALSE);
}

/* (nullable): lines for `fd`, if that is a terminal which can show them and has room for them. */
char *
ta_qr_draw (const char *text, int fd)
{
  const char *kind = g_getenv ("TERM");
  QRcode *code;
  char *picture = NULL;

  if (!isatty (fd) || !g_get_charset (NULL) || g_strcmp0 (kind, "dumb") == 0)
    return NULL;
  code = QRcode_encodeString8bit (text, 0, QR_ECLEVEL_L);
  if (code == NULL)
    return NULL;
  if (has_room (code, fd))
    picture = draw (code, ta_cli_may_color (fd));
  QRcode_free (code);
  return picture;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-json-scan.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* JSON from outside goes through a strict, bounded scan (RFC 8259) before json-glib sees it.
 * json-glib 1.6 alone overflows its stack on deep nesting, takes an empty body for success, accepts
 * comments, single quotes, "var x =" and several documents in a row, and keeps the last of two
 * members of one name. An empty object of three bytes costs it three hundred. The scan reads bytes,
 * keeps nothing, nests at most MAX_DEPTH deep and lets no more values through than it is told.
 *
 * An escape that stands for half a character or for NUL is no text that json-glib could be given:
 * of a half it takes the next character along, be it the quotation mark, and makes what is not
 * UTF-8; at NUL it cuts. Where such an escape is tolerated, the scan works on a copy and writes the
 * replacement character in its place. */

#define MAX_DEPTH 32

/* UTF-16 code units that are half a character. */
#define HIGH_SURROGATE 0xd800
#define LOW_SURROGATE 0xdc00
#define LOW_SURROGATE_LAST 0xdfff

/* The digits of the character that stands for what is none. */
#define REPLACEMENT "fffd"

static gboolean scan_value (TaJsonScan *scan);

static void
skip_space (TaJsonScan *scan)
{
  while (scan->at < scan->end && strchr (" \t\r\n", *scan->at) != NULL && *scan->at != '\0')
    scan->at++;
}

static gboolean
take (TaJsonScan *scan, char c)
{
  if (scan->at >= scan->end || *scan->at != c)
    return FALSE;
  scan->at++;
  return TRUE;
}

/* Four hexadecimal digits; -1 if they are none. */
static int
take_hex4 (TaJsonScan *scan)
{
  int unit = 0;

  if (scan->end - scan->at < 4)
    return -1;
  for (int i = 0; i < 4; i++, scan->at++)
    {
      if (!g_ascii_isxdigit (*scan->at))
        return -1;
      unit = unit * 16 + g_ascii_xdigit_value (*scan->at);
    }
  return unit;
}

static gboolean
take_low_surrogate (TaJsonScan *scan)
{
  const char *start = scan->at;

  if (take (scan, '\\') && take (scan, 'u'))
    {
      int unit = take_hex4 (scan);

      if (unit >= LOW_SURROGATE && unit <= LOW_SURROGATE_LAST)
        return TRUE;
    }
  scan->at = start;
  return FALSE;
}

/* What is behind "\u": a character, or both halves of one in the right order (RFC 8259 section 7);
 * half of one and NUL only where that can be mended. */
static gboolean
scan_escape (TaJsonScan *scan)
{
  gsize offset = scan->copy == NULL ? 0 : (gsize) (scan->at - scan->copy);
  int unit = take_hex4 (scan);

  if (unit > 0 && (unit < HIGH_SURROGATE || unit > LOW_SURROGATE_LAST))
    return TRUE;
  if (unit >= HIGH_SURROGATE && unit < LOW_SURROGATE && take_low_surrogate (scan))
    return TRUE;
  if (unit < 0 || scan->copy == NULL)
    return FALSE;
  memcpy (scan->copy + offset, REPLACEMENT, strlen (REPLACEMENT));
  scan->n_mended++;
  return TRUE;
}

static gboolean
scan_string (TaJsonScan *scan)
{
  if (!take (scan, '"'))
    return FALSE;
  while (scan->at < scan->end)
    {
      char c = *scan->at++;

      if (c == '"')
        return TRUE;
      if ((guchar) c < 0x20)
        return FALSE;
      if (c != '\\')
        continue;
      if (take (scan, 'u'))
        {
          if (!scan_escape (scan))
            return FALSE;
        }
      else if (scan->at >= scan->end || *scan->at == '\0'
               || strchr ("\"\\/bfnrt", *scan->at++) == NULL)
        return FALSE;
    }
  return FALSE;
}

static gboolean
take_digits (TaJsonScan *scan)
{
  const char *start = scan->at;

  while (scan->at < scan->end && g_ascii_isdigit (*scan->at))
    scan->at++;
  return scan->at > start;
}

static gboolean
scan_number (TaJsonScan *scan)
{
  take (scan, '-');
  if (!take (scan, '0') && !take_digits (scan))
    return FALSE;
  if (take (scan, '.') && !take_digits (scan))
    return FALSE;
  if (take (scan, 'e') || take (scan, 'E'))
    {
      if (!take (scan, '+'))
        take (scan, '-');
      return take_digits (scan);
    }
  return TRUE;
}

static gboolean
scan_word (TaJsonScan *scan, const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (scan->end - scan->at) < length || memcmp (scan->at, word, length) != 0)
    return FALSE;
  scan->at += length;
  return TRUE;
}

/* Whether the name, which is there as it stands in the text, is of a member that is read. */
static gboolean
note_name (TaJsonScan *scan, const char *name, gsize length)
{
  g_autofree char *text = g_strndup (name, length);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  const char *plain = node == NULL ? NULL : json_node_get_string (node);

  if (plain == NULL || !g_strv_contains (scan->read, plain))
    return FALSE;
  scan->n_first += g_str_equal (plain, scan->read[0]);
  return TRUE;
}

static gboolean
scan_member (TaJsonScan *scan)
{
  const char *name = scan->at;
  gboolean is_read = FALSE;
  guint n_mended;

  if (!scan_string (scan))
    return FALSE;
  if (scan->depth == 1)
    scan->members++;
  if (scan->depth == 1 && scan->read != NULL)
    is_read = note_name (scan, name, (gsize) (scan->at - name));
  n_mended = scan->n_mended;
  skip_space (scan);
  return take (scan, ':') && scan_value (scan) && (!is_read || scan->n_mended == n_mended);
}

/* An array's values or an object's members, after the opening bracket. */
static gboolean
scan_items (TaJsonScan *scan, char close, gboolean (*scan_item) (TaJsonScan *scan))
{
  gboolean ok;

  if (++scan->depth > MAX_DEPTH)
    return FALSE;
  skip_space (scan);
  ok = take (scan, close);
  while (!ok)
    {
      skip_space (scan);
      if (!scan_item (scan))
        return FALSE;
      skip_space (scan);
      ok = take (scan, close);
      if (!ok && !take (scan, ','))
        return FALSE;
    }
  scan->depth--;
  return TRUE;
}

static gboolean
scan_value (TaJsonScan *scan)
{
  if (scan->values_left-- == 0)
    return FALSE;
  skip_space (scan);
  if (take (scan, '{'))
    return scan_items (scan, '}', scan_member);
  if (take (scan, '['))
    return scan_items (scan, ']', scan_value);
  if (scan->at < scan->end && *scan->at == '"')
    return scan_string (scan);
  return scan_word (scan, "true") || scan_word (scan, "false") || scan_word (scan, "null")
         || scan_number (scan);
}

/* Whether the text is one value with nothing behind it, from beginning to end. */
gboolean
ta_json_scan_text (TaJsonScan *scan, const char *text, gsize length)
{
  if (length == 0 || !g_utf8_validate_len (text, length, NULL))
    return FALSE;
  scan->at = text;
  scan->end = text + length;
  if (!scan_value (scan))
    return FALSE;
  skip_space (scan);
  return scan->at == scan->end;
}

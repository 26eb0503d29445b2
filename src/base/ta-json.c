/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-json.h"

#include "ta-error.h"

#include <string.h>

/* JSON from outside goes through a strict, bounded scan (RFC 8259) before json-glib sees it.
 * json-glib 1.6 alone overflows its stack on deep nesting, takes an empty body for success, accepts
 * comments, single quotes, "var x =" and several documents in a row, and keeps the last of two
 * members of one name. An empty object of three bytes costs it three hundred. The scan reads bytes,
 * keeps nothing, nests at most MAX_DEPTH deep and lets no more than MAX_VALUES through. */

#define MAX_DEPTH 32
#define MAX_VALUES 10000

/* UTF-16 code units that are half a character. */
#define HIGH_SURROGATE 0xd800
#define LOW_SURROGATE 0xdc00
#define LOW_SURROGATE_LAST 0xdfff

typedef struct
{
  const char *at;
  const char *end;
  guint depth;
  guint members;     /* of the outermost object */
  guint values_left; /* that may still come */
  const char *once;  /* (nullable): a name that none of these may have twice */
  guint n_once;      /* how many may have it */
} Scan;

static gboolean scan_value (Scan *scan);

static void
skip_space (Scan *scan)
{
  while (scan->at < scan->end && strchr (" \t\r\n", *scan->at) != NULL && *scan->at != '\0')
    scan->at++;
}

static gboolean
take (Scan *scan, char c)
{
  if (scan->at >= scan->end || *scan->at != c)
    return FALSE;
  scan->at++;
  return TRUE;
}

/* Four hexadecimal digits; 0 if they are none or stand for NUL. */
static guint
take_hex4 (Scan *scan)
{
  guint unit = 0;

  if (scan->end - scan->at < 4)
    return 0;
  for (int i = 0; i < 4; i++, scan->at++)
    {
      if (!g_ascii_isxdigit (*scan->at))
        return 0;
      unit = unit * 16 + (guint) g_ascii_xdigit_value (*scan->at);
    }
  return unit;
}

/* What is behind "\u": a character, or both halves of one in the right order (RFC 8259 section 7).
 * Of a lone half json-glib makes an error that leaks memory, or another character. */
static gboolean
scan_escape (Scan *scan)
{
  guint unit = take_hex4 (scan);

  if (unit < HIGH_SURROGATE || unit > LOW_SURROGATE_LAST)
    return unit != 0;
  if (unit >= LOW_SURROGATE || !take (scan, '\\') || !take (scan, 'u'))
    return FALSE;
  unit = take_hex4 (scan);
  return unit >= LOW_SURROGATE && unit <= LOW_SURROGATE_LAST;
}

static gboolean
scan_string (Scan *scan)
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
take_digits (Scan *scan)
{
  const char *start = scan->at;

  while (scan->at < scan->end && g_ascii_isdigit (*scan->at))
    scan->at++;
  return scan->at > start;
}

static gboolean
scan_number (Scan *scan)
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
scan_word (Scan *scan, const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (scan->end - scan->at) < length || memcmp (scan->at, word, length) != 0)
    return FALSE;
  scan->at += length;
  return TRUE;
}

/* Whether that, with quotation marks, is the name that none may have twice. */
static gboolean
is_once (const Scan *scan, const char *name, gsize length)
{
  g_autofree char *text = g_strndup (name, length);
  g_autoptr (JsonNode) node = NULL;

  if (strchr (text, '\\') == NULL)
    return strlen (scan->once) == length - 2 && strncmp (scan->once, text + 1, length - 2) == 0;
  node = json_from_string (text, NULL);
  return node != NULL && g_strcmp0 (json_node_get_string (node), scan->once) == 0;
}

static gboolean
scan_member (Scan *scan)
{
  const char *name = scan->at;

  if (!scan_string (scan))
    return FALSE;
  if (scan->depth == 1)
    scan->members++;
  if (scan->depth == 1 && scan->once != NULL && is_once (scan, name, (gsize) (scan->at - name)))
    scan->n_once++;
  skip_space (scan);
  return take (scan, ':') && scan_value (scan);
}

/* An array's values or an object's members, after the opening bracket. */
static gboolean
scan_items (Scan *scan, char close, gboolean (*scan_item) (Scan *scan))
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
scan_value (Scan *scan)
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

/* Scans a whole text: one value with nothing behind it. */
static gboolean
scan_text (Scan *scan, const char *data, gsize length)
{
  if (length == 0 || !g_utf8_validate_len (data, length, NULL))
    return FALSE;
  scan->at = data;
  scan->end = data + length;
  if (!scan_value (scan))
    return FALSE;
  skip_space (scan);
  return scan->at == scan->end;
}

/* Whether the data is one JSON text, from beginning to end. */
gboolean
ta_json_is_text (const char *data, gsize length)
{
  Scan scan = { .values_left = G_MAXUINT };

  return scan_text (&scan, data, length);
}

/* As ta_json_parse_object(), but only the member `once` (nullable: all) must not be there twice. Of
 * others the last one counts, as for most that read JSON. */
JsonObject *
ta_json_parse_tolerantly (const char *data, gsize length, gsize max_length, const char *once,
                          GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (JsonNode) root = NULL;
  gboolean has_mark = length >= 3 && memcmp (data, "\xef\xbb\xbf", 3) == 0;
  const char *text = has_mark ? data + 3 : data;
  gsize text_length = has_mark ? length - 3 : length;
  Scan scan = { .once = once, .values_left = MAX_VALUES };
  gboolean is_any_twice;

  if (length <= max_length && scan_text (&scan, text, text_length)
      && json_parser_load_from_data (parser, text, (gssize) text_length, NULL))
    root = json_parser_steal_root (parser);
  is_any_twice = root != NULL && JSON_NODE_HOLDS_OBJECT (root)
                 && json_object_get_size (json_node_get_object (root)) != scan.members;
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)
      || (is_any_twice && (once == NULL || scan.n_once > 1)))
    {
      g_set_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                   "The server's answer is not one JSON object of at most %" G_GSIZE_FORMAT
                   " bytes: check the provider file's endpoints and the network",
                   max_length);
      return NULL;
    }
  return json_object_ref (json_node_get_object (root));
}

/* Parses one JSON object of at most `max_length` bytes and 10,000 values, nested at most 32 deep,
 * with no member of the outermost object twice and nothing behind it. A byte order mark is
 * tolerated.
 * Errors: TA_ERROR_INVALID_RESPONSE; the message repeats nothing of the data. */
JsonObject *
ta_json_parse_object (const char *data, gsize length, gsize max_length, GError **error)
{
  return ta_json_parse_tolerantly (data, length, max_length, NULL, error);
}

static JsonNode *
get_value (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? node : NULL;
}

/* (nullable): the member's text, owned by the object; NULL if it is absent or no string. */
const char *
ta_json_get_string (JsonObject *object, const char *member)
{
  JsonNode *node = get_value (object, member);

  if (node == NULL || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

/* FALSE if the member is absent or is no whole number from 0 to G_MAXINT64, be it as a number or as
 * a string of digits alone. json-glib makes what is too large for it negative. */
gboolean
ta_json_get_int64 (JsonObject *object, const char *member, gint64 *value)
{
  JsonNode *node = get_value (object, member);
  GType type = node == NULL ? G_TYPE_INVALID : json_node_get_value_type (node);
  guint64 parsed;

  if (type == G_TYPE_INT64 && json_node_get_int (node) >= 0)
    parsed = (guint64) json_node_get_int (node);
  else if (type != G_TYPE_STRING
           || !g_ascii_string_to_unsigned (json_node_get_string (node), 10, 0, G_MAXINT64, &parsed,
                                           NULL))
    return FALSE;
  *value = (gint64) parsed;
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-json.h"

#include "ta-error.h"
#include "ta-json-scan.h"
#include "ta-secret.h"

#include <string.h>

/* JSON from outside, bounded: ta-json-scan.c sees it before json-glib does. And JSON of our own. */

#define MAX_VALUES 10000

/* Whether the data is one JSON text, from beginning to end. */
gboolean
ta_json_is_text (const char *data, gsize length)
{
  TaJsonScan scan = { .values_left = G_MAXUINT };

  return ta_json_scan_text (&scan, data, length);
}

/* As ta_json_parse_object(), but tolerant of what is wrong with members that nobody reads. `read`
 * (nullable: all, no tolerance) has the names of those that are read. Only the first of them must
 * not be there twice; of others the last one counts, as for most that read JSON. Only in these an
 * escape for half a character or for NUL is an error; in others it becomes U+FFFD. */
JsonObject *
ta_json_parse_tolerantly (const char *data, gsize length, gsize max_length, const char *const *read,
                          GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (JsonNode) root = NULL;
  gboolean has_mark = length >= 3 && memcmp (data, "\xef\xbb\xbf", 3) == 0;
  const char *text = has_mark ? data + 3 : data;
  gsize text_length = has_mark ? length - 3 : length;
  g_autofree char *copy
      = read != NULL && length <= max_length ? g_memdup2 (text, text_length) : NULL;
  TaJsonScan scan = { .read = read, .copy = copy, .values_left = MAX_VALUES };
  gboolean is_any_twice;

  if (copy != NULL)
    text = copy;
  if (length <= max_length && ta_json_scan_text (&scan, text, text_length)
      && json_parser_load_from_data (parser, text, (gssize) text_length, NULL))
    root = json_parser_steal_root (parser);
  if (copy != NULL)
    explicit_bzero (copy, text_length);
  is_any_twice = root != NULL && JSON_NODE_HOLDS_OBJECT (root)
                 && json_object_get_size (json_node_get_object (root)) != scan.members;
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)
      || (read == NULL ? is_any_twice : scan.n_first > 1))
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

/* (transfer full): one JSON text, with all control characters escaped as RFC 8259 section 7 wants
 * it; json-glib 1.6 leaves U+001F as it is. It may hold secrets: this leaves no copies of it. */
char *
ta_json_print (JsonNode *root, gboolean is_pretty)
{
  g_autoptr (TaSecretString) text = json_to_string (root, is_pretty);
  GString *escaped;

  if (strchr (text, '\x1f') == NULL)
    return g_steal_pointer (&text);
  escaped = g_string_sized_new (strlen (text) * strlen ("\\u001f"));
  g_string_append (escaped, text);
  g_string_replace (escaped, "\x1f", "\\u001f", 0);
  return g_string_free (escaped, FALSE);
}

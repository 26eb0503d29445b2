/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-json.h"

#include "fuzz.h"

/* JSON from outside: what the scan admits, json-glib reads to the same end, without a warning; and
 * what is read has nothing that strings of C cannot carry. A tolerant look sees the same, and
 * nothing that was mended where it matters. */

#define LENGTH_MAX (256 * 1024)

static void
check_member (JsonObject *object, const char *name, JsonNode *node, void *data)
{
  const char *text = ta_json_get_string (object, name);
  gint64 number = -1;

  g_assert_true (g_utf8_validate (name, -1, NULL));
  if (text != NULL)
    g_assert_true (g_utf8_validate (text, -1, NULL));
  if (ta_json_get_int64 (object, name, &number))
    g_assert_cmpint (number, >=, 0);
}

/* Whether the text has U+FFFD already, as it is or escaped. */
static gboolean
has_replacement (const char *bytes, gsize size)
{
  g_autofree char *lower = g_ascii_strdown (bytes, (gssize) size);

  return memmem (lower, size, "fffd", 4) != NULL || memmem (lower, size, "\xef\xbf\xbd", 3) != NULL;
}

/* `strict` (nullable): what a strict look gave. */
static void
check_tolerant (const char *bytes, gsize size, JsonObject *strict)
{
  const char *const read[] = { "a", "access_token", "expires_in", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = ta_json_parse_tolerantly (bytes, size, LENGTH_MAX, read, &error);

  if (object == NULL)
    {
      fuzz_check_error (error);
      g_assert_null (strict);
      return;
    }
  json_object_foreach_member (object, check_member, NULL);
  for (guint i = 0; read[i] != NULL; i++)
    {
      JsonNode *node = json_object_get_member (object, read[i]);
      g_autofree char *text = node == NULL ? NULL : json_to_string (node, FALSE);

      g_assert_true (text == NULL || strstr (text, "\xef\xbf\xbd") == NULL
                     || has_replacement (bytes, size));
    }
  if (strict != NULL)
    {
      g_autoptr (JsonNode) one = json_node_init_object (json_node_alloc (), strict);
      g_autoptr (JsonNode) other = json_node_init_object (json_node_alloc (), object);

      g_assert_true (json_node_equal (one, other));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  g_autofree char *bytes = fuzz_take_bytes (&input);
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = ta_json_parse_object (bytes, size, LENGTH_MAX, &error);
  gboolean is_text = ta_json_is_text (bytes, size);

  if (is_text)
    g_assert_true (json_parser_load_from_data (parser, bytes, size, NULL));
  if (object == NULL)
    fuzz_check_error (error);
  else
    {
      g_assert_true (is_text || memcmp (bytes, "\xef\xbb\xbf", 3) == 0);
      json_object_foreach_member (object, check_member, NULL);
    }
  check_tolerant (bytes, size, object);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-json.h"

#include "fuzz.h"

/* JSON from outside: what the scan admits, json-glib reads to the same end, without a warning; and
 * what is read has nothing that strings of C cannot carry. */

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
  return 0;
}

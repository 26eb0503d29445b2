/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-api-errors.h"

#include "ta-json.h"

/* What Tidio's APIs say of a request that they refuse:
 * {"errors":[{"code":"too_many_requests","message":"..."}]}
 * (https://developers.tidio.com/docs/openapi-rate-limiting). */

#define BODY_MAX (64 * 1024)
#define CODE_MAX 40

/* Appends text of unknown origin up to that length, as printable ASCII on one line. */
static void
append (GString *line, const char *untrusted, gsize max)
{
  for (const char *c = untrusted; *c != '\0' && line->len < max; c = g_utf8_next_char (c))
    if (g_ascii_isspace (*c))
      g_string_append_c (line, ' ');
    else
      g_string_append_c (line, g_ascii_isprint (*c) ? *c : '?');
}

/* (nullable): the first of the errors. */
static JsonObject *
get_first (JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "errors");
  JsonArray *errors
      = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (errors == NULL || json_array_get_length (errors) == 0)
    return NULL;
  node = json_array_get_element (errors, 0);
  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* (nullable): code and message of the first error in an answer's body, on one line that can be
 * shown; NULL if the body has no such thing. */
char *
ta_api_errors_describe (const char *body, gsize length)
{
  g_autoptr (JsonObject) object = ta_json_parse_object (body, length, BODY_MAX, NULL);
  JsonObject *first = object != NULL ? get_first (object) : NULL;
  const char *code = first != NULL ? ta_json_get_string (first, "code") : NULL;
  const char *message = first != NULL ? ta_json_get_string (first, "message") : NULL;
  g_autoptr (GString) line = g_string_new (NULL);

  if (code != NULL)
    append (line, code, CODE_MAX);
  if (line->len > 0 && message != NULL && *message != '\0')
    g_string_append (line, ": ");
  if (message != NULL)
    append (line, message, TA_API_ERRORS_DESCRIPTION_MAX);
  return line->len > 0 ? g_strdup (line->str) : NULL;
}

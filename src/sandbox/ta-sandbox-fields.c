/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-fields.h"

#include "ta-sandbox-encoding.h"

#include <string.h>

static TaSandboxFields *
fields_new (void)
{
  TaSandboxFields *self = g_new0 (TaSandboxFields, 1);

  self->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->repeated = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

static gboolean
add_pair (TaSandboxFields *self, const char *pair)
{
  const char *equals = strchrnul (pair, '=');
  g_autofree char *name = ta_sandbox_encoding_unescape (pair, (gsize) (equals - pair));
  const char *text = *equals == '=' ? equals + 1 : equals;
  g_autofree char *value = ta_sandbox_encoding_unescape (text, strlen (text));

  if (name == NULL || value == NULL)
    return FALSE;
  if (g_hash_table_contains (self->values, name))
    g_hash_table_add (self->repeated, g_steal_pointer (&name));
  else
    g_hash_table_insert (self->values, g_steal_pointer (&name), g_steal_pointer (&value));
  return TRUE;
}

/* (nullable): of a query or an application/x-www-form-urlencoded body; NULL if it is malformed. */
TaSandboxFields *
ta_sandbox_fields_parse (const char *form, gsize length)
{
  g_autoptr (TaSandboxFields) self = fields_new ();
  g_autofree char *text = g_strndup (form, length);
  g_auto (GStrv) pairs = g_strsplit (text, "&", -1);

  if (strlen (text) != length)
    return NULL;
  for (int i = 0; pairs[i] != NULL; i++)
    if (*pairs[i] != '\0' && !add_pair (self, pairs[i]))
      return NULL;
  return g_steal_pointer (&self);
}

static TaSandboxFields *
parse_json (const TaSandboxRequest *request)
{
  g_autoptr (JsonObject) object = ta_sandbox_request_parse_json (request, NULL);
  g_autoptr (TaSandboxFields) self = fields_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (object == NULL)
    return NULL;
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    {
      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
        return NULL;
      g_hash_table_insert (self->values, g_strdup (name), json_node_dup_string (node));
    }
  return g_steal_pointer (&self);
}

/* (nullable): of a body that is JSON, as Tidio wants it, or a form, as RFC 6749 does; NULL if it is
 * neither. */
TaSandboxFields *
ta_sandbox_fields_parse_body (const TaSandboxRequest *request)
{
  gsize length;
  const char *data = g_bytes_get_data (request->body, &length);

  if (ta_sandbox_request_has_content_type (request, "application/json"))
    return parse_json (request);
  if (ta_sandbox_request_has_content_type (request, "application/x-www-form-urlencoded"))
    return ta_sandbox_fields_parse (data != NULL ? data : "", length);
  return NULL;
}

/* (nullable): an empty value counts as left out (RFC 6749 section 3.1). */
const char *
ta_sandbox_fields_get (const TaSandboxFields *self, const char *name)
{
  const char *value = g_hash_table_lookup (self->values, name);

  return value != NULL && *value != '\0' ? value : NULL;
}

/* `name` NULL: whether any did. */
gboolean
ta_sandbox_fields_is_repeated (const TaSandboxFields *self, const char *name)
{
  if (name == NULL)
    return g_hash_table_size (self->repeated) > 0;
  return g_hash_table_contains (self->repeated, name);
}

void
ta_sandbox_fields_free (TaSandboxFields *self)
{
  g_hash_table_unref (self->values);
  g_hash_table_unref (self->repeated);
  g_free (self);
}

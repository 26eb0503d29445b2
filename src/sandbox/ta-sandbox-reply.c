/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-reply.h"

#include "base/ta-json.h"

#include <string.h>

static gboolean
find_header (const TaSandboxReply *self, const char *name, guint *index)
{
  for (guint i = 0; i < self->headers->len; i += 2)
    if (g_ascii_strcasecmp (self->headers->pdata[i], name) == 0)
      {
        *index = i;
        return TRUE;
      }
  return FALSE;
}

/* Unless it has a header of that name. */
void
ta_sandbox_reply_add_header (TaSandboxReply *self, const char *name, const char *value)
{
  guint index;

  if (find_header (self, name, &index))
    return;
  g_ptr_array_add (self->headers, g_strdup (name));
  g_ptr_array_add (self->headers, g_strdup (value));
}

/* In place of any header of that name. */
void
ta_sandbox_reply_set_header (TaSandboxReply *self, const char *name, const char *value)
{
  guint index;

  if (find_header (self, name, &index))
    g_ptr_array_remove_range (self->headers, index, 2);
  ta_sandbox_reply_add_header (self, name, value);
}

TaSandboxReply *
ta_sandbox_reply_new_bytes (guint status, const char *content_type, GBytes *body)
{
  TaSandboxReply *self = g_new0 (TaSandboxReply, 1);

  self->status = status;
  self->headers = g_ptr_array_new_with_free_func (g_free);
  self->body = g_bytes_ref (body);
  self->length = (goffset) g_bytes_get_size (body);
  ta_sandbox_reply_set_header (self, "Content-Type", content_type);
  return self;
}

TaSandboxReply *
ta_sandbox_reply_new (guint status, const char *content_type, const char *text)
{
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));

  return ta_sandbox_reply_new_bytes (status, content_type, body);
}

TaSandboxReply *
ta_sandbox_reply_new_json (guint status, JsonObject *object)
{
  g_autoptr (JsonNode) root = json_node_init_object (json_node_alloc (), object);
  g_autofree char *text = ta_json_print (root, FALSE);

  return ta_sandbox_reply_new (status, "application/json", text);
}

TaSandboxReply *
ta_sandbox_reply_new_redirect (const char *uri)
{
  TaSandboxReply *self = ta_sandbox_reply_new (302, "text/plain; charset=utf-8", "");

  ta_sandbox_reply_set_header (self, "Location", uri);
  ta_sandbox_reply_set_header (self, "Cache-Control", "no-store");
  return self;
}

TaSandboxReply *
ta_sandbox_reply_new_method_not_allowed (const char *allowed)
{
  TaSandboxReply *self
      = ta_sandbox_reply_new (405, "text/plain; charset=utf-8", "Method not allowed.\n");

  ta_sandbox_reply_set_header (self, "Allow", allowed);
  return self;
}

void
ta_sandbox_reply_send (const TaSandboxReply *self, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  SoupMessageBody *body = soup_server_message_get_response_body (message);
  goffset size = (goffset) g_bytes_get_size (self->body);

  soup_server_message_set_status (message, self->status, NULL);
  for (guint i = 0; i < self->headers->len; i += 2)
    soup_message_headers_replace (headers, self->headers->pdata[i], self->headers->pdata[i + 1]);
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  for (goffset left = self->length; left > 0; left -= size)
    {
      g_autoptr (GBytes) piece = g_bytes_new_from_bytes (self->body, 0, (gsize) MIN (left, size));

      soup_message_body_append_bytes (body, piece);
    }
  soup_message_body_complete (body);
}

void
ta_sandbox_reply_free (TaSandboxReply *self)
{
  g_ptr_array_unref (self->headers);
  g_bytes_unref (self->body);
  g_free (self);
}

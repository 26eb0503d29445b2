/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-failure.h"

#include "ta-sandbox-error.h"

#include "base/ta-error.h"
#include "base/ta-json.h"

#include <string.h>

/* A failure can be ordered on the command line, in short, or at /control, with all there is to it.
 * A body without a word about its type is called JSON: the usual order is a broken answer. */

static TaSandboxFailure *
failure_new (void)
{
  TaSandboxFailure *self = g_rc_box_new0 (TaSandboxFailure);

  self->left = -1;
  self->headers = g_ptr_array_new_with_free_func (g_free);
  return self;
}

static gboolean
parse_endpoint (const char *name, TaSandboxEndpoint *endpoint)
{
  const char *const names[TA_SANDBOX_N_ENDPOINTS] = { "token", "api", "revoke" };

  for (guint i = 0; name != NULL && i < TA_SANDBOX_N_ENDPOINTS; i++)
    if (g_str_equal (names[i], name))
      {
        *endpoint = (TaSandboxEndpoint) i;
        return TRUE;
      }
  return FALSE;
}

/* (nullable): of ENDPOINT=STATUS[:COUNT]; NULL if it is not that. */
TaSandboxFailure *
ta_sandbox_failure_parse (const char *text)
{
  g_autoptr (TaSandboxFailure) self = failure_new ();
  g_auto (GStrv) parts = g_strsplit_set (text, "=:", -1);
  guint n_parts = g_strv_length (parts);
  g_autofree char *again = NULL;
  guint64 status;
  guint64 count;

  if ((n_parts != 2 && n_parts != 3) || !parse_endpoint (parts[0], &self->endpoint)
      || !g_ascii_string_to_unsigned (parts[1], 10, 200, 599, &status, NULL))
    return NULL;
  self->status = (guint) status;
  if (n_parts == 3)
    {
      if (!g_ascii_string_to_unsigned (parts[2], 10, 0, G_MAXINT, &count, NULL))
        return NULL;
      self->left = (gint64) count;
    }
  again = g_strconcat (parts[0], "=", parts[1], n_parts == 3 ? ":" : NULL, parts[2], NULL);
  return g_str_equal (text, again) ? g_steal_pointer (&self) : NULL;
}

static gboolean
is_header (const char *name, const char *value)
{
  const char *const framing[] = { "connection", "content-length", "transfer-encoding", NULL };
  g_autofree char *lower = g_ascii_strdown (name, -1);

  if (*name == '\0' || g_strv_contains (framing, lower))
    return FALSE;
  for (const char *c = name; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && *c != '-' && *c != '_')
      return FALSE;
  for (const char *c = value; *c != '\0'; c++)
    if (!g_ascii_isprint (*c))
      return FALSE;
  return TRUE;
}

static gboolean
parse_headers (TaSandboxFailure *self, JsonNode *headers)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (!JSON_NODE_HOLDS_OBJECT (headers))
    return FALSE;
  json_object_iter_init (&iter, json_node_get_object (headers));
  while (json_object_iter_next (&iter, &name, &node))
    {
      const char *value = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;

      if (value == NULL || !is_header (name, value))
        return FALSE;
      g_ptr_array_add (self->headers, g_strdup (name));
      g_ptr_array_add (self->headers, g_strdup (value));
    }
  return TRUE;
}

static gboolean
parse_member (TaSandboxFailure *self, JsonObject *object, const char *name)
{
  gint64 number;

  if (g_str_equal (name, "endpoint"))
    return parse_endpoint (ta_json_get_string (object, name), &self->endpoint);
  if (g_str_equal (name, "status"))
    {
      if (!ta_json_get_int64 (object, name, &number) || number < 200 || number > 599)
        return FALSE;
      self->status = (guint) number;
      return TRUE;
    }
  if (g_str_equal (name, "count"))
    return ta_json_get_int64 (object, name, &self->left) && self->left >= 0;
  if (g_str_equal (name, "body"))
    {
      self->body = g_strdup (ta_json_get_string (object, name));
      return self->body != NULL;
    }
  if (g_str_equal (name, "headers"))
    return parse_headers (self, json_object_get_member (object, name));
  return FALSE;
}

/* Errors: TA_ERROR_FAILED, which names the member. */
TaSandboxFailure *
ta_sandbox_failure_parse_json (JsonObject *object, GError **error)
{
  g_autoptr (TaSandboxFailure) self = failure_new ();
  g_autoptr (GList) names = json_object_get_members (object);

  for (GList *at = names; at != NULL; at = at->next)
    if (!parse_member (self, object, at->data))
      {
        g_autofree char *name = ta_error_quote (at->data);

        g_set_error (error, TA_ERROR, TA_ERROR_FAILED, "\"%s\" in \"fail\" is unknown or wrong",
                     name);
        return NULL;
      }
  if (!json_object_has_member (object, "endpoint") || (self->status == 0 && self->left != 0))
    {
      g_set_error (error, TA_ERROR, TA_ERROR_FAILED, "\"fail\" needs \"endpoint\" and \"status\"");
      return NULL;
    }
  return g_steal_pointer (&self);
}

static TaSandboxReply *
answer_as_usual (const TaSandboxFailure *self)
{
  gboolean is_api = self->endpoint == TA_SANDBOX_ENDPOINT_API;

  if (is_api && self->status == 401)
    return ta_sandbox_error_new_invalid_token ();
  if (is_api && self->status == 429)
    return ta_sandbox_error_new_rate_limited ();
  if (is_api && self->status >= 400 && self->status < 500)
    return ta_sandbox_error_new_api (self->status, "failure",
                                     "The sandbox was told to fail this request");
  if (!is_api && self->status == 400)
    return ta_sandbox_error_new_oauth (400, "invalid_grant", NULL);
  if (!is_api && self->status == 401)
    return ta_sandbox_error_new_oauth (401, "invalid_client", NULL);
  return ta_sandbox_error_new_proxy (self->status);
}

TaSandboxReply *
ta_sandbox_failure_answer (const TaSandboxFailure *self)
{
  TaSandboxReply *reply = self->body != NULL
                              ? ta_sandbox_reply_new (self->status, "application/json", self->body)
                              : answer_as_usual (self);

  for (guint i = 0; i < self->headers->len; i += 2)
    ta_sandbox_reply_set_header (reply, self->headers->pdata[i], self->headers->pdata[i + 1]);
  return reply;
}

TaSandboxFailure *
ta_sandbox_failure_ref (TaSandboxFailure *self)
{
  return g_rc_box_acquire (self);
}

static void
clear_failure (void *data)
{
  TaSandboxFailure *self = data;

  g_free (self->body);
  g_ptr_array_unref (self->headers);
}

void
ta_sandbox_failure_unref (TaSandboxFailure *self)
{
  g_rc_box_release_full (self, clear_failure);
}

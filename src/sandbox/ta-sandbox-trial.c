/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-trial.h"

#include "ta-sandbox-error.h"
#include "ta-sandbox-fields.h"

#include <string.h>

/* Paths that Tidio does not have, to try a client with: a body that is no text, one that is too
 * large, one that is late, and what the client really sent. */

#define MAX_BYTES (1024 * 1024 * 1024)
#define MAX_WAIT (10 * 60 * 1000)
#define BLOCK_BYTES (256 * 1024)
#define LINE "A sandbox line of sixty-four bytes, again and again and again.\r\n"

static gboolean
get_number (const TaSandboxRequest *request, const char *name, guint64 max, guint64 *number)
{
  const char *query = request->query != NULL ? request->query : "";
  g_autoptr (TaSandboxFields) fields = ta_sandbox_fields_parse (query, strlen (query));
  const char *text = fields != NULL ? ta_sandbox_fields_get (fields, name) : NULL;

  return text != NULL && g_ascii_string_to_unsigned (text, 10, 0, max, number, NULL);
}

static TaSandboxReply *
answer_wrong_number (void)
{
  return ta_sandbox_error_new_api (400, "invalid_number",
                                   "The query needs one number that is not too large");
}

static TaSandboxReply *
answer_binary (void)
{
  const guint8 bytes[] = { 0x00, 0xff, 0xfe, 0x80, 'T', 'i', 'd', 'i', 'o', 0xc3, 0x28, 0x00 };
  g_autoptr (GBytes) body = g_bytes_new (bytes, sizeof bytes);

  return ta_sandbox_reply_new_bytes (200, "application/octet-stream", body);
}

static TaSandboxReply *
answer_large (const TaSandboxRequest *request)
{
  g_autoptr (GString) block = g_string_sized_new (BLOCK_BYTES);
  TaSandboxReply *reply;
  guint64 length;

  if (!get_number (request, "bytes", MAX_BYTES, &length))
    return answer_wrong_number ();
  while (block->len < BLOCK_BYTES)
    g_string_append (block, LINE);
  reply = ta_sandbox_reply_new (200, "text/plain; charset=utf-8", block->str);
  reply->length = (goffset) length;
  return reply;
}

static TaSandboxReply *
answer_slow (const TaSandboxRequest *request)
{
  g_autoptr (JsonObject) object = json_object_new ();
  TaSandboxReply *reply;
  guint64 delay;

  if (!get_number (request, "ms", MAX_WAIT, &delay))
    return answer_wrong_number ();
  json_object_set_int_member (object, "waited", (gint64) delay);
  reply = ta_sandbox_reply_new_json (200, object);
  reply->delay = (guint) delay;
  return reply;
}

static JsonObject *
pick_headers (const TaSandboxRequest *request)
{
  const char *const names[]
      = { "accept",   "accept-language",   "content-length", "content-type", "idempotency-key",
          "if-match", "if-modified-since", "if-none-match",  "user-agent",   "x-request-id" };
  JsonObject *headers = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const char *value = soup_message_headers_get_list (request->headers, names[i]);
      g_autofree char *text = value != NULL ? g_utf8_make_valid (value, -1) : NULL;

      if (text != NULL)
        json_object_set_string_member (headers, names[i], text);
    }
  return headers;
}

/* What came, without the token. Bytes that are no text are shown as U+FFFD. */
static TaSandboxReply *
answer_echo (const TaSandboxRequest *request)
{
  g_autoptr (JsonObject) object = json_object_new ();
  gsize length;
  const char *data = g_bytes_get_data (request->body, &length);
  g_autofree char *body = g_utf8_make_valid (data != NULL ? data : "", (gssize) length);

  json_object_set_string_member (object, "method", request->method);
  json_object_set_string_member (object, "path", request->path);
  json_object_set_string_member (object, "query", request->query != NULL ? request->query : "");
  json_object_set_object_member (object, "headers", pick_headers (request));
  json_object_set_string_member (object, "body", body);
  return ta_sandbox_reply_new_json (200, object);
}

/* (nullable): NULL if there is nothing at this path. */
TaSandboxReply *
ta_sandbox_trial_answer (const TaSandboxRequest *request)
{
  const char *name = request->path + strlen (TA_SANDBOX_TRIAL_PREFIX);

  if (g_str_equal (name, "echo"))
    return answer_echo (request);
  if (!ta_sandbox_request_is_read (request))
    return NULL;
  if (g_str_equal (name, "binary"))
    return answer_binary ();
  if (g_str_equal (name, "large"))
    return answer_large (request);
  if (g_str_equal (name, "slow"))
    return answer_slow (request);
  return NULL;
}

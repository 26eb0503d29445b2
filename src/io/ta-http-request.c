/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-http-request.h"

#include "base/ta-error.h"
#include "oauth/ta-endpoint.h"

#include <string.h>

/* A request as libsoup takes it. libsoup 3.2 writes CR and LF of a method, of a content type and of
 * an encoded URI as they are. Whoever makes a request has checked all that comes from elsewhere;
 * nothing is sent that would make two of it all the same. */

static gboolean
is_line (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      return FALSE;
  return TRUE;
}

static gboolean
is_word (const char *text)
{
  return *text != '\0' && text[strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_")] == '\0';
}

static gboolean
are_headers_sendable (GHashTable *headers)
{
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (!is_word (name) || !is_line (value))
      return FALSE;
  return TRUE;
}

static gboolean
is_sendable (const TaHttpRequest *request)
{
  return is_word (request->method) && is_line (request->accept)
         && (request->content_type == NULL || is_line (request->content_type))
         && (request->authorization == NULL || is_line (ta_secret_peek (request->authorization)))
         && (request->headers == NULL || are_headers_sendable (request->headers));
}

static void
set_headers (SoupMessage *message, const TaHttpRequest *request)
{
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  GHashTableIter iter;
  gpointer name, value;

  soup_message_headers_replace (headers, "Accept", request->accept);
  if (request->authorization != NULL)
    soup_message_headers_replace (headers, "Authorization",
                                  ta_secret_peek (request->authorization));
  if (request->headers == NULL)
    return;
  g_hash_table_iter_init (&iter, request->headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    soup_message_headers_replace (headers, name, value);
}

/* Errors: TA_ERROR_FAILED: nothing of the kind can be sent. */
SoupMessage *
ta_http_request_create_message (const TaHttpRequest *self, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  SoupMessage *message;

  if (is_sendable (self))
    uri = ta_endpoint_parse (self->uri);
  if (uri == NULL)
    {
      g_set_error_literal (error, TA_ERROR, TA_ERROR_FAILED,
                           "The request has a character that HTTP does not allow there: nothing "
                           "was sent; check the provider file");
      return NULL;
    }
  message = soup_message_new_from_uri (self->method, uri);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_COLLECT_METRICS);
  set_headers (message, self);
  if (self->upload != NULL)
    {
      g_autoptr (GInputStream) stream = ta_upload_open (self->upload);

      soup_message_set_request_body (message, self->content_type, stream,
                                     ta_upload_get_length (self->upload));
      /* One that can be cut off without harm to another request, see ta-exchange.c. */
      if (ta_upload_get_length (self->upload) < 0)
        soup_message_add_flags (message, SOUP_MESSAGE_NEW_CONNECTION);
    }
  else if (self->body != NULL)
    soup_message_set_request_body_from_bytes (message, self->content_type, self->body);
  return message;
}

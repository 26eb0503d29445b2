/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-http-response.h"

#include "base/ta-error.h"

#include <string.h>

/* What is kept of a response that libsoup reads, and what libsoup does not tell: that a head was
 * too long, and that a body broke off. */

/* libsoup reads no more of a head than this, in bytes. */
#define HEAD_MAX (64 * 1024)

static void
add_header (const char *name, const char *value, gpointer user_data)
{
  GHashTable *headers = user_data;
  g_autofree char *lower = g_ascii_strdown (name, -1);
  const char *earlier = g_hash_table_lookup (headers, lower);
  char *joined;

  if (!g_utf8_validate (value, -1, NULL))
    return;
  joined = earlier == NULL ? g_strdup (value) : g_strconcat (earlier, ", ", value, NULL);
  g_hash_table_replace (headers, g_steal_pointer (&lower), joined);
}

/* Two lengths are an error that no recipient may put up with (RFC 9112 section 6.3). */
static gboolean
check_head (const TaHttpResponse *self, GError **error)
{
  const char *encoding = g_hash_table_lookup (self->headers, "content-encoding");
  const char *length = g_hash_table_lookup (self->headers, "content-length");

  if (encoding != NULL && g_ascii_strcasecmp (encoding, "identity") != 0)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                         "The response is compressed although nothing asked for it: tell the "
                         "provider");
  else if (length != NULL && strchr (length, ',') != NULL)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                         "The response has more than one length: tell the provider");
  else
    return TRUE;
  return FALSE;
}

/* Whether that is why there is no response: libsoup's error looks like that of a connection that
 * broke off. */
gboolean
ta_http_response_has_long_head (SoupMessage *message)
{
  SoupMessageMetrics *metrics = soup_message_get_metrics (message);

  return metrics != NULL
         && soup_message_metrics_get_response_header_bytes_received (metrics) > HEAD_MAX;
}

/* Takes status and headers; the body is to be added.
 * Errors: TA_ERROR_INVALID_RESPONSE. */
TaHttpResponse *
ta_http_response_new (SoupMessage *message, GError **error)
{
  g_autoptr (TaHttpResponse) self = g_new0 (TaHttpResponse, 1);

  self->status = soup_message_get_status (message);
  self->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->body = g_byte_array_new ();
  soup_message_headers_foreach (soup_message_get_response_headers (message), add_header,
                                self->headers);
  return check_head (self, error) ? g_steal_pointer (&self) : NULL;
}

/* Whether the connection still stands behind a body that was read. libsoup's streams lie on top of
 * the connection's own, which says "not now" until it has ended. */
static gboolean
is_open (GInputStream *stream)
{
  g_autoptr (GError) error = NULL;
  char byte;

  while (G_IS_FILTER_INPUT_STREAM (stream))
    stream = g_filter_input_stream_get_base_stream (G_FILTER_INPUT_STREAM (stream));
  if (!G_IS_POLLABLE_INPUT_STREAM (stream))
    return FALSE;
  g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), &byte, 1, NULL,
                                            &error);
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

/* libsoup 3.2 takes the end of the connection for that of a chunked body, so there the connection
 * has to stand. A body that ends with the connection is never known to be whole. */
static gboolean
is_whole (const TaHttpResponse *self, SoupMessage *message, GInputStream *stream)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  SoupEncoding encoding = soup_message_headers_get_encoding (headers);

  if (soup_message_get_method (message) == SOUP_METHOD_HEAD || self->status == 204
      || self->status == 304)
    return TRUE;
  if (encoding == SOUP_ENCODING_CHUNKED)
    return is_open (stream);
  return encoding == SOUP_ENCODING_CONTENT_LENGTH
         && soup_message_headers_get_content_length (headers) == (goffset) self->body->len;
}

/* Adds to the body. There may be tokens in it, so the block is wiped: nobody else may have it. */
void
ta_http_response_append (TaHttpResponse *self, GBytes *block)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (block, &length);

  g_byte_array_append (self->body, data, (guint) length);
  explicit_bzero ((void *) data, length);
}

/* The body's stream has come to its end, and what it gave is in the body. */
void
ta_http_response_end (TaHttpResponse *self, SoupMessage *message, GInputStream *stream)
{
  self->complete = is_whole (self, message, stream);
}

void
ta_http_response_free (TaHttpResponse *self)
{
  if (self->body->len > 0)
    explicit_bzero (self->body->data, self->body->len);
  g_hash_table_unref (self->headers);
  g_byte_array_unref (self->body);
  g_clear_object (&self->stream);
  g_free (self);
}

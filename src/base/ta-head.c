/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-head.h"

#include <string.h>

/* A parser for the head of one request to a loopback callback (RFC 9112 section 2 to 5), strict
 * where browsers never stray: CRLF line ends only, no folding, no control bytes, origin-form
 * targets only. A refusal is an HTTP status. Nothing here decides whether the request is wanted. */

/* The length of the head with its empty line, or -1 while it is not complete. */
gssize
ta_head_find_end (const char *bytes, gsize length)
{
  const char *end = memmem (bytes, length, "\r\n\r\n", 4);

  return end == NULL ? -1 : end + 4 - bytes;
}

static gboolean
is_token (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && strchr ("!#$%&'*+-.^_`|~", *c) == NULL)
      return FALSE;
  return *text != '\0';
}

static gboolean
is_target (const char *text)
{
  if (*text != '/')
    return FALSE;
  for (const char *c = text; *c != '\0'; c++)
    if (*c <= 0x20 || *c >= 0x7f || *c == '#')
      return FALSE;
  return TRUE;
}

/* `line` NULL: the head was empty. */
static guint
parse_request_line (TaHead *self, const char *line)
{
  g_auto (GStrv) parts = NULL;
  const char *query;

  if (line == NULL)
    return 400;
  if (strlen (line) > TA_HEAD_MAX_LINE)
    return 414;
  parts = g_strsplit (line, " ", -1);
  if (g_strv_length (parts) != 3 || !is_token (parts[0]) || !is_target (parts[1]))
    return 400;
  if (!g_str_equal (parts[2], "HTTP/1.1") && !g_str_equal (parts[2], "HTTP/1.0"))
    return g_str_has_prefix (parts[2], "HTTP/") ? 505 : 400;

  query = strchr (parts[1], '?');
  self->method = g_strdup (parts[0]);
  self->path
      = query == NULL ? g_strdup (parts[1]) : g_strndup (parts[1], (gsize) (query - parts[1]));
  self->query = query == NULL ? NULL : g_strdup (query + 1);
  return 0;
}

static guint
parse_header_line (TaHead *self, const char *line)
{
  const char *colon = strchr (line, ':');
  g_autofree char *name = NULL;
  g_autofree char *value = NULL;

  if (colon == NULL)
    return 400;
  name = g_ascii_strdown (line, colon - line);
  if (!is_token (name))
    return 400;
  for (const char *c = colon + 1; *c != '\0'; c++)
    if (((guchar) *c < 0x20 && *c != '\t') || *c == 0x7f)
      return 400;
  value = g_strstrip (g_strdup (colon + 1));
  g_ptr_array_add (self->headers, g_steal_pointer (&name));
  g_ptr_array_add (self->headers, g_steal_pointer (&value));
  return 0;
}

static guint
parse_lines (TaHead *self, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);
  guint refusal = parse_request_line (self, lines[0]);

  if (refusal == 0 && g_strv_length (lines) > TA_HEAD_MAX_LINES + 1)
    refusal = 431;
  for (guint i = 1; refusal == 0 && lines[i] != NULL; i++)
    refusal = parse_header_line (self, lines[i]);
  return refusal;
}

/* Parses a head as ta_head_find_end() measured it. NULL: `refusal` is the HTTP status to answer. */
TaHead *
ta_head_parse (const char *bytes, gsize length, guint *refusal)
{
  g_autoptr (TaHead) self = g_new0 (TaHead, 1);
  g_autofree char *text = NULL;

  self->headers = g_ptr_array_new_with_free_func (g_free);
  *refusal = 400;
  if (length > TA_HEAD_MAX)
    *refusal = 431;
  else if (length >= 4 && memcmp (bytes + length - 4, "\r\n\r\n", 4) == 0
           && memchr (bytes, '\0', length) == NULL)
    {
      text = g_strndup (bytes, length - 4);
      *refusal = parse_lines (self, text);
    }
  return *refusal == 0 ? g_steal_pointer (&self) : NULL;
}

void
ta_head_free (TaHead *self)
{
  g_free (self->method);
  g_free (self->path);
  g_free (self->query);
  g_ptr_array_unref (self->headers);
  g_free (self);
}

guint
ta_head_count_header (const TaHead *self, const char *name)
{
  guint count = 0;

  for (guint i = 0; i < self->headers->len; i += 2)
    count += g_str_equal (self->headers->pdata[i], name);
  return count;
}

/* (nullable): the first value of a header; `name` in lower case. */
const char *
ta_head_get_header (const TaHead *self, const char *name)
{
  for (guint i = 0; i < self->headers->len; i += 2)
    if (g_str_equal (self->headers->pdata[i], name))
      return self->headers->pdata[i + 1];
  return NULL;
}

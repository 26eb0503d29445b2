/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-head.h"

#include "fuzz.h"

/* The head of a request to the callback port: what is admitted is well formed, and means the same
 * to a second reader. */

#define TOKEN_SIGNS "!#$%&'*+-.^_`|~"

static void
check_token (const char *text)
{
  g_assert_cmpuint (strlen (text), >, 0);
  for (const char *c = text; *c != '\0'; c++)
    g_assert_true (g_ascii_isalnum (*c) || strchr (TOKEN_SIGNS, *c) != NULL);
}

static void
check_header (const char *name, const char *value)
{
  check_token (name);
  for (const char *c = name; *c != '\0'; c++)
    g_assert_false (g_ascii_isupper (*c));
  for (const char *c = value; *c != '\0'; c++)
    g_assert_false (((guchar) *c < 0x20 && *c != '\t') || *c == 0x7f);
  g_assert_false (g_ascii_isspace (value[0]));
}

static void
check_parts (const TaHead *head)
{
  check_token (head->method);
  g_assert_true (*head->path == '/');
  g_assert_null (strpbrk (head->path, "?#"));
  fuzz_check_visible (head->path);
  if (head->query != NULL)
    fuzz_check_visible (head->query);
  g_assert_cmpuint (head->headers->len % 2, ==, 0);
  g_assert_cmpuint (head->headers->len / 2, <=, TA_HEAD_MAX_LINES);
  for (guint i = 0; i < head->headers->len; i += 2)
    check_header (head->headers->pdata[i], head->headers->pdata[i + 1]);
}

static void
check_same (const TaHead *head, const TaHead *other)
{
  g_assert_cmpstr (head->method, ==, other->method);
  g_assert_cmpstr (head->path, ==, other->path);
  g_assert_cmpstr (head->query, ==, other->query);
  g_assert_cmpuint (head->headers->len, ==, other->headers->len);
  for (guint i = 0; i < head->headers->len; i++)
    g_assert_cmpstr (head->headers->pdata[i], ==, other->headers->pdata[i]);
}

/* The head written anew and read again. */
static void
check_again (const TaHead *head)
{
  g_autoptr (GString) text = g_string_new (head->method);
  g_autoptr (TaHead) again = NULL;
  guint refusal;

  g_string_append_printf (text, " %s", head->path);
  if (head->query != NULL)
    g_string_append_printf (text, "?%s", head->query);
  g_string_append (text, " HTTP/1.1\r\n");
  for (guint i = 0; i < head->headers->len; i += 2)
    g_string_append_printf (text, "%s:%s\r\n", (char *) head->headers->pdata[i],
                            (char *) head->headers->pdata[i + 1]);
  g_string_append (text, "\r\n");
  g_assert_cmpint (ta_head_find_end (text->str, text->len), ==, text->len);
  again = ta_head_parse (text->str, text->len, &refusal);
  g_assert_nonnull (again);
  check_same (head, again);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  g_autofree char *bytes = fuzz_take_bytes (&input);
  gssize end = ta_head_find_end (bytes, size);
  g_autoptr (TaHead) head = NULL;
  guint refusal;

  g_assert_true (end == -1 || (end >= 4 && (gsize) end <= size));
  head = ta_head_parse (bytes, end == -1 ? size : (gsize) end, &refusal);
  if (head == NULL)
    g_assert_true (refusal == 400 || refusal == 414 || refusal == 431 || refusal == 505);
  else
    {
      g_assert_cmpuint (refusal, ==, 0);
      g_assert_cmpint (end, !=, -1);
      check_parts (head);
      check_again (head);
    }
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-request.h"

#include "ta-cli.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

/* What the words of `tidio-auth call` mean. Which methods, paths and headers are good is the
 * broker's to say. */

#define ACCOUNT_MAX 64
#define BODY_MAX (10 * 1024 * 1024)

static void
set_usage_error (GError **error, const char *sentence)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, sentence);
}

static gboolean
is_account (const char *text, gsize length)
{
  if (length == 0 || length > ACCOUNT_MAX || !g_ascii_isalnum (text[0]))
    return FALSE;
  for (gsize i = 1; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && strchr ("._@-", text[i]) == NULL)
      return FALSE;
  return TRUE;
}

/* Takes [ACCOUNT:]PATH apart; a path has no colon in its first segment. `path` points into
 * `target`.
 */
gboolean
ta_request_parse_target (const char *target, char **account, const char **path, GError **error)
{
  gsize length = strcspn (target, ":/?");

  *account = NULL;
  *path = target;
  if (target[length] == ':' && is_account (target, length))
    {
      *account = g_strndup (target, length);
      *path = target + length + 1;
    }
  if (*account != NULL && g_str_has_prefix (*path, "//"))
    {
      set_usage_error (error, _ ("Name a path of the API, such as contacts, not a whole address"));
      g_clear_pointer (account, g_free);
      return FALSE;
    }
  if (*account == NULL)
    *account = g_strdup ("");
  return TRUE;
}

static gboolean
add_header (GVariantDict *headers, const char *line, char **content_type, GError **error)
{
  const char *colon = strchr (line, ':');
  g_autofree char *name = NULL;
  g_autofree char *value = NULL;
  gboolean is_type;

  if (colon == NULL || colon == line)
    {
      set_usage_error (error, _ ("A header is written as 'Name: value'"));
      return FALSE;
    }
  name = g_strstrip (g_ascii_strdown (line, colon - line));
  value = g_strstrip (g_strdup (colon + 1));
  is_type = g_str_equal (name, "content-type");
  if (g_variant_dict_contains (headers, name) || (is_type && *content_type != NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("The header %s is given twice"), name);
      return FALSE;
    }
  if (is_type)
    *content_type = g_steal_pointer (&value);
  else
    g_variant_dict_insert (headers, name, "s", value);
  return TRUE;
}

/* Lines of "Name: value" as a{ss} with names in lower case; the content type, which is an option of
 * its own to the broker, comes apart. `lines` (nullable). */
GVariant *
ta_request_parse_headers (char **lines, char **content_type, GError **error)
{
  g_auto (GVariantDict) seen = G_VARIANT_DICT_INIT (NULL);
  g_auto (GVariantBuilder) headers = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  g_autoptr (GVariant) values = NULL;
  GVariantIter iter;
  GVariant *value;
  char *name;

  for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
    if (!add_header (&seen, lines[i], content_type, error))
      return NULL;
  values = g_variant_ref_sink (g_variant_dict_end (&seen));
  g_variant_iter_init (&iter, values);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    g_variant_builder_add (&headers, "{ss}", name, g_variant_get_string (value, NULL));
  return g_variant_ref_sink (g_variant_builder_end (&headers));
}

static gboolean
read_all (int fd, const char *name, GString *text, GError **error)
{
  char chunk[65536];
  gssize length;

  do
    {
      length = read (fd, chunk, sizeof chunk);
      if (length < 0 && errno != EINTR)
        {
          ta_cli_set_file_error (error, errno, _ ("Could not read %s"), name);
          return FALSE;
        }
      if (length > 0)
        g_string_append_len (text, chunk, length);
    }
  while (length != 0 && text->len <= BODY_MAX);
  return TRUE;
}

static gboolean
read_file (const char *name, GString *text, GError **error)
{
  int fd;
  gboolean ok;

  if (g_str_equal (name, "-"))
    return read_all (STDIN_FILENO, _ ("the standard input"), text, error);
  fd = open (name, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    {
      ta_cli_set_file_error (error, errno, _ ("Could not read %s"), name);
      return FALSE;
    }
  ok = read_all (fd, name, text, error);
  close (fd);
  return ok;
}

/* DATA itself, the contents of @FILE, or of the standard input for @-. A body travels as a D-Bus
 * string: UTF-8 without NUL. */
char *
ta_request_read_body (const char *data, GError **error)
{
  g_autoptr (GString) text = g_string_new (data[0] == '@' ? NULL : data);

  if (data[0] == '@' && !read_file (data + 1, text, error))
    return NULL;
  if (text->len > BODY_MAX)
    set_usage_error (error, _ ("The request body is larger than 10 MiB"));
  else if (!g_utf8_validate_len (text->str, text->len, NULL))
    set_usage_error (error, _ ("The request body is not UTF-8 text"));
  else
    return g_string_free (g_steal_pointer (&text), FALSE);
  return NULL;
}

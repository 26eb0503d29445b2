/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-api-request.h"
#include "oauth/ta-endpoint.h"

#include "fuzz.h"

/* What a caller gives for an API call, five strings one after the other: path, method, header name
 * and value, content type. An admitted path stays under the base URI however a server decodes it,
 * and nothing that is admitted can begin a line of its own. */

static const char *const bases[] = {
  "https://api.tidio.com/",
  "https://api.example/v1/",
  "http://127.0.0.1:8080/a/b/",
  "http://[::1]:9/x/",
};

/* Decodes until nothing changes; free with g_free(). What cannot be decoded stays as it is. */
static char *
decode_fully (const char *text)
{
  g_autofree char *decoded = g_strdup (text);

  for (;;)
    {
      char *next = g_uri_unescape_string (decoded, NULL);

      if (next == NULL || g_str_equal (next, decoded))
        {
          g_free (next);
          return g_steal_pointer (&decoded);
        }
      g_free (decoded);
      decoded = next;
    }
}

/* No part of it means "here" or "up" to any reader. */
static void
check_segments (const char *path)
{
  g_autofree char *decoded = decode_fully (path);
  g_auto (GStrv) segments = NULL;

  g_strdelimit (decoded, "\\", '/');
  g_assert_null (strstr (decoded, "//"));
  g_assert_null (strpbrk (decoded, "\r\n"));
  segments = g_strsplit (decoded, "/", -1);
  for (int i = 0; segments[i] != NULL; i++)
    {
      segments[i][strcspn (segments[i], ";")] = '\0';
      g_assert_cmpstr (segments[i], !=, ".");
      g_assert_cmpstr (segments[i], !=, "..");
    }
}

static void
check_uri (const char *uri, const char *base_uri)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_ENCODED, NULL);
  g_autoptr (GUri) base = g_uri_parse (base_uri, G_URI_FLAGS_ENCODED, NULL);
  g_autofree char *path = NULL;

  fuzz_check_visible (uri);
  g_assert_true (g_str_has_prefix (uri, base_uri));
  g_assert_null (strpbrk (uri, "#\\\"<>^`{|}"));
  g_assert_nonnull (parsed);
  g_assert_cmpstr (g_uri_get_scheme (parsed), ==, g_uri_get_scheme (base));
  g_assert_cmpstr (g_uri_get_host (parsed), ==, g_uri_get_host (base));
  g_assert_cmpint (g_uri_get_port (parsed), ==, g_uri_get_port (base));
  g_assert_null (g_uri_get_userinfo (parsed));
  g_assert_null (g_uri_get_fragment (parsed));
  g_assert_true (g_str_has_prefix (g_uri_get_path (parsed), g_uri_get_path (base)));
  path = g_strndup (uri + strlen (base_uri), strcspn (uri + strlen (base_uri), "?"));
  check_segments (path);
}

static void
try_path (const char *base_uri, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = ta_endpoint_api_uri (base_uri, path, &error);

  if (uri == NULL)
    fuzz_check_error (error);
  else
    check_uri (uri, base_uri);
}

static void
try_method (const char *method)
{
  g_autoptr (GError) error = NULL;
  const char *found = ta_api_request_find_method (method, &error);

  if (found == NULL)
    fuzz_check_error (error);
  else
    g_assert_cmpstr (found, ==, method);
}

static void
try_header (const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;

  if (!ta_api_request_check_header (name, value, &error))
    {
      fuzz_check_error (error);
      return;
    }
  fuzz_check_visible (name);
  fuzz_check_printable (value);
  g_assert_cmpuint (strlen (value), <=, 1024);
  g_assert_null (strchr (name, ':'));
  g_assert_false (g_ascii_strcasecmp (name, "Authorization") == 0);
  g_assert_false (g_ascii_strcasecmp (name, "Cookie") == 0);
}

static void
try_content_type (const char *content_type)
{
  g_autoptr (GError) error = NULL;

  if (ta_api_request_check_content_type (content_type, &error))
    fuzz_check_printable (content_type);
  else
    fuzz_check_error (error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  const char *base_uri = bases[fuzz_take_choice (&input, G_N_ELEMENTS (bases))];
  g_autofree char *path = fuzz_take_text (&input);
  g_autofree char *method = fuzz_take_text (&input);
  g_autofree char *name = fuzz_take_text (&input);
  g_autofree char *value = fuzz_take_text (&input);
  g_autofree char *content_type = fuzz_take_text (&input);

  try_path (base_uri, path);
  try_method (method);
  try_header (name, value);
  try_content_type (content_type);
  g_assert_false (ta_api_request_shows_header ("set-cookie"));
  return 0;
}

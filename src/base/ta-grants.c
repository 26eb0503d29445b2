/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-grants.h"

#include <string.h>

/* What one application may do with one account, as a list of texts that people can read:
 *
 *   token               it is given access tokens
 *   METHOD /path        it may make this API call; METHOD may be "*"
 *   METHOD /path*       and those whose path begins so
 *   deny                nothing, whatever else stands there
 *
 * Nothing is allowed that is not named. A path is compared as it is sent, byte by byte: another
 * spelling of it is another path, and matches less, never more. What is no permission, or one of a
 * later version, allows nothing. */

#define PATH_MAX_LENGTH 1024

/* The name under which the application stands in the store; that of a sandboxed one is its id. */
char *
ta_grants_get_name (const TaApplication *application)
{
  return g_strconcat (application->trust == TA_TRUST_SANDBOXED ? "" : TA_GRANTS_HOST_PREFIX,
                      application->id, NULL);
}

/* The path of a call permission, or NULL if the text has no method in front of one. */
static const char *
find_path (const char *text)
{
  const char *const methods[] = { "*", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };

  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      gsize length = strlen (methods[i]);

      if (strncmp (text, methods[i], length) == 0 && text[length] == ' ' && text[length + 1] == '/')
        return text + length + 1;
    }
  return NULL;
}

static gboolean
is_call (const char *text)
{
  const char *path = find_path (text);
  gsize length;

  if (path == NULL)
    return FALSE;
  length = strlen (path);
  if (length > PATH_MAX_LENGTH)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (path[i] <= ' ' || path[i] > '~' || strchr ("?#\\\"<>", path[i]) != NULL
        || (path[i] == '*' && i + 1 < length))
      return FALSE;
  return TRUE;
}

/* Whether it is one of the forms above. */
gboolean
ta_grants_is_permission (const char *text)
{
  return g_str_equal (text, TA_GRANTS_TOKEN) || g_str_equal (text, TA_GRANTS_DENY)
         || is_call (text);
}

/* `path` may end in a star itself: then it is asked for all that this stands for. */
static gboolean
covers (const char *permission, const char *method, const char *path)
{
  const char *pattern;
  gsize length;

  if (!is_call (permission))
    return FALSE;
  pattern = find_path (permission);
  length = strlen (pattern);
  if (*permission != '*'
      && (strlen (method) != (gsize) (pattern - permission) - 1
          || strncmp (permission, method, strlen (method)) != 0))
    return FALSE;
  return pattern[length - 1] == '*' ? strncmp (path, pattern, length - 1) == 0
                                    : strcmp (path, pattern) == 0;
}

TaVerdict
ta_grants_check_token (const char *const *permissions)
{
  if (g_strv_contains (permissions, TA_GRANTS_DENY))
    return TA_VERDICT_DENIED;
  return g_strv_contains (permissions, TA_GRANTS_TOKEN) ? TA_VERDICT_ALLOWED : TA_VERDICT_NONE;
}

/* `path`: as it is sent, relative to the provider's BaseUri, with a leading "/", without a query.
 */
TaVerdict
ta_grants_check_call (const char *const *permissions, const char *method, const char *path)
{
  if (g_strv_contains (permissions, TA_GRANTS_DENY))
    return TA_VERDICT_DENIED;
  for (gsize i = 0; permissions[i] != NULL; i++)
    if (covers (permissions[i], method, path))
      return TA_VERDICT_ALLOWED;
  return TA_VERDICT_NONE;
}

/* Whether there is any call that is allowed. */
gboolean
ta_grants_has_call (const char *const *permissions)
{
  if (g_strv_contains (permissions, TA_GRANTS_DENY))
    return FALSE;
  for (gsize i = 0; permissions[i] != NULL; i++)
    if (is_call (permissions[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_covered (const char *permission, const char *const *added)
{
  const char *path = is_call (permission) ? find_path (permission) : NULL;
  g_autofree char *method = NULL;

  if (g_strv_contains (added, permission) || g_str_equal (permission, TA_GRANTS_DENY))
    return TRUE;
  if (path == NULL)
    return FALSE;
  method = g_strndup (permission, (gsize) (path - permission) - 1);
  return ta_grants_check_call (added, method, path) == TA_VERDICT_ALLOWED;
}

/* The permissions and those that are added, without what these cover already. It is not denied any
 * more. */
char **
ta_grants_add (const char *const *permissions, const char *const *added)
{
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();

  for (gsize i = 0; permissions[i] != NULL; i++)
    if (!is_covered (permissions[i], added))
      g_strv_builder_add (all, permissions[i]);
  g_strv_builder_addv (all, (const char **) added);
  return g_strv_builder_end (all);
}

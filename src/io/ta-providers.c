/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-providers.h"

#include "base/ta-error.h"
#include "base/ta-similar.h"
#include "ta-io-resources.h"
#include "ta-trusted-file.h"

#include <gio/gio.h>
#include <string.h>

/* Provider files are small and looked up seldom, so they are read each time: a change needs no
 * restart. */

#define RESOURCES "/org/tidio/Auth/providers/"

/* (nullable): `id`.conf of a folder, if it is there. */
static char *
find_in (const char *folder, const char *id)
{
  g_autofree char *path = g_strconcat (folder, "/tidio-auth/providers/", id, ".conf", NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path) : NULL;
}

/* (nullable): the file that counts for an id; NULL: what is built in does, if anything. */
char *
ta_providers_find_path (const char *id)
{
  const char *const *folders = g_get_system_data_dirs ();
  char *path = find_in (g_get_user_config_dir (), id);

  for (int i = 0; path == NULL && folders[i] != NULL; i++)
    path = find_in (folders[i], id);
  return path;
}

/* FALSE with no error: there is no file. */
static gboolean
read_file (const char *id, char **data, gsize *length, GError **error)
{
  g_autofree char *path = ta_providers_find_path (id);
  const char *problem = path == NULL ? NULL : ta_trusted_file_read (path, data, length);

  if (problem != NULL)
    g_set_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED, "Provider file %s.conf: %s", id,
                 problem);
  return path != NULL && problem == NULL;
}

/* The ids of the provider files in the user's own configuration, good or not. */
char **
ta_providers_list_own (void)
{
  g_autofree char *path
      = g_build_filename (g_get_user_config_dir (), "tidio-auth", "providers", NULL);
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    if (g_str_has_suffix (name, ".conf"))
      {
        g_autofree char *id = g_strndup (name, strlen (name) - strlen (".conf"));

        if (ta_provider_is_id (id))
          g_strv_builder_add (builder, id);
      }
  return g_strv_builder_end (builder);
}

/* `id` is not that of a provider; it may be a slip. */
static GError *
create_unknown_error (const char *id)
{
  g_autofree char *quoted = ta_error_quote (id);
  g_auto (GStrv) own = ta_providers_list_own ();
  g_auto (GStrv) built_in = g_resource_enumerate_children (ta_io_get_resource (), RESOURCES,
                                                           G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  const char *similar = ta_similar_find ((const char *const *) own, id);

  for (int i = 0; built_in[i] != NULL; i++)
    *strrchr (built_in[i], '.') = '\0';
  if (similar == NULL)
    similar = ta_similar_find ((const char *const *) built_in, id);
  if (similar != NULL)
    return g_error_new (TA_ERROR, TA_ERROR_NOT_CONFIGURED,
                        "There is no provider %s: did you mean %s", quoted, similar);
  return g_error_new (TA_ERROR, TA_ERROR_NOT_CONFIGURED,
                      "There is no provider %s: put its file into tidio-auth/providers of your "
                      "configuration folder",
                      quoted);
}

/* The provider of an id: from the user's configuration, the system's data, or built in.
 * Errors: TA_ERROR_NOT_CONFIGURED and TA_ERROR_NOT_SUPPORTED, naming file and key. */
TaProvider *
ta_providers_find (const char *id, GError **error)
{
  g_autofree char *resource = g_strconcat (RESOURCES, id, ".conf", NULL);
  g_autofree char *data = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) local_error = NULL;
  gsize length = 0;

  if (ta_provider_is_id (id) && read_file (id, &data, &length, &local_error))
    return ta_provider_parse (id, data, length, error);
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  if (ta_provider_is_id (id))
    bytes = g_resource_lookup_data (ta_io_get_resource (), resource, G_RESOURCE_LOOKUP_FLAGS_NONE,
                                    NULL);
  if (bytes != NULL)
    return ta_provider_parse (id, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
  g_propagate_error (error, create_unknown_error (id));
  return NULL;
}

/* (nullable): the provider of an id whose API takes the client's id and secret instead of tokens.
 */
TaProvider *
ta_providers_find_keyed (const char *id)
{
  g_autoptr (TaProvider) provider = ta_providers_find (id, NULL);

  if (provider == NULL || provider->api_authentication != TA_API_AUTHENTICATION_OPENAPI_KEY)
    return NULL;
  return g_steal_pointer (&provider);
}

/* Whether people sign in to it. Errors: TA_ERROR_NOT_SUPPORTED: its API takes keys. */
gboolean
ta_providers_check_oauth (const TaProvider *provider, GError **error)
{
  if (provider->api_authentication == TA_API_AUTHENTICATION_BEARER)
    return TRUE;
  g_set_error (error, TA_ERROR, TA_ERROR_NOT_SUPPORTED,
               "Provider %s has API keys, and no sign-in and no tokens: use CallApi", provider->id);
  return FALSE;
}

/* Like ta_providers_find(), for one that people sign in to.
 * Errors: also those of ta_providers_check_oauth(). */
TaProvider *
ta_providers_find_oauth (const char *id, GError **error)
{
  g_autoptr (TaProvider) provider = ta_providers_find (id, error);

  return provider != NULL && ta_providers_check_oauth (provider, error)
             ? g_steal_pointer (&provider)
             : NULL;
}

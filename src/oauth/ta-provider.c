/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-provider.h"

#include "base/ta-error.h"
#include "oauth/ta-encoding.h"
#include "oauth/ta-endpoint.h"

#include <string.h>

/* Reading a provider file takes every key it knows out of the key file; what is left over is
 * unknown, and an error. Everything an error says names file and key. */

#define PROVIDER "Provider"
#define API "Api"

typedef struct
{
  GKeyFile *file; /* (unowned) */
  const char *id; /* (unowned) */
  GError *error;  /* (owned) (nullable): the first one */
} Reader;

static void
fail (Reader *reader, int code, const char *group, const char *key, const char *problem)
{
  if (reader->error == NULL)
    reader->error = g_error_new (TA_ERROR, code, "Provider file %s.conf: key %s in [%s] %s",
                                 reader->id, key, group, problem);
}

/* (nullable): the value, NULL if absent or empty. What stands behind white space and "#" is a
 * comment. */
static char *
take (Reader *reader, const char *group, const char *key)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *value = g_key_file_get_string (reader->file, group, key, &error);

  if (g_error_matches (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE)
      || g_error_matches (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_UNKNOWN_ENCODING))
    fail (reader, TA_ERROR_NOT_CONFIGURED, group, key, "is not valid UTF-8 text");
  while (g_key_file_remove_key (reader->file, group, key, NULL))
    continue;
  if (value == NULL)
    return NULL;
  for (char *hash = strchr (value, '#'); hash != NULL; hash = strchr (hash + 1, '#'))
    if (hash == value || g_ascii_isspace (hash[-1]))
      {
        *hash = '\0';
        break;
      }
  g_strstrip (value);
  return *value == '\0' ? NULL : g_steal_pointer (&value);
}

static char *
take_or (Reader *reader, const char *group, const char *key, const char *fallback)
{
  char *value = take (reader, group, key);

  if (value == NULL && fallback == NULL)
    fail (reader, TA_ERROR_NOT_CONFIGURED, group, key, "is missing");
  return value != NULL ? value : g_strdup (fallback);
}

static char *
take_endpoint (Reader *reader, const char *group, const char *key, gboolean required)
{
  g_autofree char *value
      = required ? take_or (reader, group, key, NULL) : take (reader, group, key);

  if (value != NULL && !ta_endpoint_is_valid (value))
    fail (reader, TA_ERROR_NOT_CONFIGURED, group, key,
          "must be an https URI, or http to a loopback host, without user info or fragment");
  return g_steal_pointer (&value);
}

/* The position of the value in `choices`; the first one is the default. */
static int
take_choice (Reader *reader, const char *group, const char *key, const char *const *choices)
{
  g_autofree char *value = take_or (reader, group, key, choices[0]);
  g_autofree char *list = g_strjoinv (" or ", (char **) choices);
  g_autofree char *problem = g_strconcat ("must be ", list, NULL);

  for (int i = 0; choices[i] != NULL; i++)
    if (g_str_equal (value, choices[i]))
      return i;
  fail (reader, TA_ERROR_NOT_CONFIGURED, group, key, problem);
  return 0;
}

static char **
take_words (Reader *reader, const char *group, const char *key)
{
  g_autofree char *value = take (reader, group, key);

  return ta_encoding_split_words (value != NULL ? value : "");
}

static void
refuse (Reader *reader, const char *group, const char *key)
{
  g_autofree char *value = take (reader, group, key);

  if (value != NULL)
    fail (reader, TA_ERROR_NOT_SUPPORTED, group, key, "is not supported by this version");
}

static void
read_provider (Reader *reader, TaProvider *self)
{
  const char *const formats[] = { "json", "form", NULL };
  const char *const authentications[] = { "body", "basic", "none", NULL };
  const char *const pkce[] = { "S256", "none", NULL };

  self->name = take_or (reader, PROVIDER, "Name", self->id);
  self->authorization_endpoint = take_endpoint (reader, PROVIDER, "AuthorizationEndpoint", TRUE);
  self->token_endpoint = take_endpoint (reader, PROVIDER, "TokenEndpoint", TRUE);
  self->revocation_endpoint = take_endpoint (reader, PROVIDER, "RevocationEndpoint", FALSE);
  self->redirect_uri = take_or (reader, PROVIDER, "RedirectUri", NULL);
  if (self->redirect_uri != NULL && !ta_endpoint_is_redirect_uri (self->redirect_uri))
    fail (reader, TA_ERROR_NOT_CONFIGURED, PROVIDER, "RedirectUri",
          "must be an http URI to 127.0.0.1, [::1] or localhost with a port and without query");
  self->format = (TaFormat) take_choice (reader, PROVIDER, "TokenRequestFormat", formats);
  self->client_authentication = (TaClientAuthentication) take_choice (
      reader, PROVIDER, "ClientAuthentication", authentications);
  self->pkce = take_choice (reader, PROVIDER, "Pkce", pkce) == 0;
  self->scopes = take_words (reader, PROVIDER, "Scopes");
  self->resources = take_words (reader, PROVIDER, "Resource");
  for (int i = 0; self->resources[i] != NULL; i++)
    if (!g_uri_is_valid (self->resources[i], G_URI_FLAGS_NONE, NULL)
        || strchr (self->resources[i], '#') != NULL)
      fail (reader, TA_ERROR_NOT_CONFIGURED, PROVIDER, "Resource",
            "must be absolute URIs without fragment");
  if (!ta_encoding_are_scopes ((const char *const *) self->scopes))
    fail (reader, TA_ERROR_NOT_CONFIGURED, PROVIDER, "Scopes",
          "must be words of printable ASCII without quotes");
  self->client_id = take (reader, PROVIDER, "ClientId");
  if (self->client_id != NULL && !ta_encoding_is_vschars (self->client_id))
    fail (reader, TA_ERROR_NOT_CONFIGURED, PROVIDER, "ClientId",
          "must be visible ASCII of at most 4096 characters");
  refuse (reader, PROVIDER, "Issuer");
  refuse (reader, PROVIDER, "DeviceAuthorizationEndpoint");
  refuse (reader, PROVIDER, "PushedAuthorizationRequestEndpoint");
}

static void
read_api (Reader *reader, TaProvider *self)
{
  g_autofree char *base_uri = take_endpoint (reader, API, "BaseUri", TRUE);
  g_autofree char *authentication = take_or (reader, API, "Authentication", "bearer");

  if (base_uri != NULL && strchr (base_uri, '?') != NULL)
    fail (reader, TA_ERROR_NOT_CONFIGURED, API, "BaseUri", "must not have a query");
  if (base_uri != NULL)
    self->base_uri = g_strconcat (base_uri, g_str_has_suffix (base_uri, "/") ? NULL : "/", NULL);
  if (g_str_equal (authentication, "openapi-key"))
    fail (reader, TA_ERROR_NOT_SUPPORTED, API, "Authentication",
          "is openapi-key, which is not supported by this version");
  else if (!g_str_equal (authentication, "bearer"))
    fail (reader, TA_ERROR_NOT_CONFIGURED, API, "Authentication", "must be bearer");
  self->accept = take_or (reader, API, "Accept", "application/json");
  for (const char *c = self->accept; *c != '\0'; c++)
    if (*c < 0x20 || *c > 0x7e)
      fail (reader, TA_ERROR_NOT_CONFIGURED, API, "Accept", "must be printable ASCII");
}

static void
refuse_unknown (Reader *reader)
{
  g_auto (GStrv) groups = g_key_file_get_groups (reader->file, NULL);

  for (int g = 0; groups[g] != NULL; g++)
    {
      g_auto (GStrv) keys = g_key_file_get_keys (reader->file, groups[g], NULL, NULL);
      g_autofree char *group = ta_error_quote (groups[g]);

      for (int k = 0; keys[k] != NULL; k++)
        {
          g_autofree char *key = ta_error_quote (keys[k]);

          fail (reader, TA_ERROR_NOT_CONFIGURED, group, key, "is unknown");
        }
    }
}

/* [A-Za-z0-9][A-Za-z0-9._@-]{0,63}: the form of provider ids and account ids. */
gboolean
ta_provider_is_id (const char *text)
{
  gsize length = strspn (text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._@-");

  return g_ascii_isalnum (*text) && text[length] == '\0' && length <= 64;
}

/* Parses the contents of the provider file `id`.conf.
 * Errors: TA_ERROR_NOT_CONFIGURED and TA_ERROR_NOT_SUPPORTED, naming file and key. */
TaProvider *
ta_provider_parse (const char *id, const char *data, gsize length, GError **error)
{
  g_autoptr (TaProvider) self = g_rc_box_new0 (TaProvider);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  Reader reader = { .file = file, .id = id };

  self->id = g_strdup (id);
  if (!g_key_file_load_from_data (file, data, length, G_KEY_FILE_NONE, NULL))
    {
      g_set_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED,
                   "Provider file %s.conf: it is not a key file with [Provider] and [Api]", id);
      return NULL;
    }
  read_provider (&reader, self);
  read_api (&reader, self);
  refuse_unknown (&reader);
  if (reader.error != NULL)
    {
      g_propagate_error (error, reader.error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

TaProvider *
ta_provider_ref (TaProvider *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (void *data)
{
  TaProvider *self = data;

  g_free (self->id);
  g_free (self->name);
  g_free (self->authorization_endpoint);
  g_free (self->token_endpoint);
  g_free (self->revocation_endpoint);
  g_free (self->redirect_uri);
  g_strfreev (self->scopes);
  g_strfreev (self->resources);
  g_free (self->client_id);
  g_free (self->base_uri);
  g_free (self->accept);
}

void
ta_provider_unref (TaProvider *self)
{
  g_rc_box_release_full (self, clear);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-client.h"

#include "base/ta-error.h"
#include "base/ta-json.h"
#include "oauth/ta-encoding.h"
#include "oauth/ta-provider.h"

#include <string.h>

#define CLIENT_MAX (64 * 1024)

/* `secret` NULL or empty: a public client.
 * Errors: TA_ERROR_NOT_CONFIGURED. */
TaClient *
ta_client_new (const char *provider, const char *id, const char *secret, GError **error)
{
  gboolean has_secret = secret != NULL && *secret != '\0';
  TaClient *self;

  if (!ta_provider_is_id (provider) || !ta_encoding_is_vschars (id)
      || (has_secret && !ta_encoding_is_vschars (secret)))
    {
      g_set_error_literal (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED,
                           "A client id and a client secret are 1 to 4096 characters of visible "
                           "ASCII: look them up at the provider");
      return NULL;
    }
  self = g_rc_box_new (TaClient);
  self->provider = g_strdup (provider);
  self->id = g_strdup (id);
  self->secret = has_secret ? ta_secret_new (secret) : NULL;
  return self;
}

/* Parses what ta_client_print() gave.
 * Errors: TA_ERROR_STORAGE_CORRUPT. */
TaClient *
ta_client_parse (const char *json, GError **error)
{
  g_autoptr (JsonObject) object = ta_json_parse_object (json, strlen (json), CLIENT_MAX, NULL);
  const char *provider = object == NULL ? NULL : ta_json_get_string (object, "provider");
  const char *id = object == NULL ? NULL : ta_json_get_string (object, "client_id");
  TaClient *self = NULL;

  if (provider != NULL && id != NULL)
    self = ta_client_new (provider, id, ta_json_get_string (object, "client_secret"), NULL);
  if (self == NULL)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_STORAGE_CORRUPT,
                         "The stored client is damaged: set it again with tidio-auth client set");
  return self;
}

TaSecret *
ta_client_print (const TaClient *self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (TaSecretString) text = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "provider");
  json_builder_add_string_value (builder, self->provider);
  json_builder_set_member_name (builder, "client_id");
  json_builder_add_string_value (builder, self->id);
  if (self->secret != NULL)
    {
      json_builder_set_member_name (builder, "client_secret");
      json_builder_add_string_value (builder, ta_secret_peek (self->secret));
    }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = ta_json_print (root, FALSE);
  return ta_secret_new (text);
}

TaClient *
ta_client_ref (TaClient *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (void *data)
{
  TaClient *self = data;

  g_free (self->provider);
  g_free (self->id);
  g_clear_pointer (&self->secret, ta_secret_unref);
}

void
ta_client_unref (TaClient *self)
{
  g_rc_box_release_full (self, clear);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-record-text.h"

#include "base/ta-error.h"
#include "base/ta-json.h"
#include "oauth/ta-provider.h"

#include <string.h>

/* A record as the text of its item: one JSON object. */

#define VERSION 1
#define RECORD_MAX (128 * 1024)
#define KEY_MAX 4096

/* (nullable): a member that is an array of strings. */
static char **
parse_words (JsonObject *object, const char *name)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonNode *node = json_object_get_member (object, name);
  JsonArray *array;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return NULL;
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_VALUE (item) || json_node_get_value_type (item) != G_TYPE_STRING)
        return NULL;
      g_strv_builder_add (builder, json_node_get_string (item));
    }
  return g_strv_builder_end (builder);
}

/* (nullable): the type, as a constant. */
static const char *
find_type (JsonObject *object)
{
  const char *type = ta_json_get_string (object, "token_type");

  if (g_strcmp0 (type, TA_TOKEN_BEARER) == 0)
    return TA_TOKEN_BEARER;
  return g_strcmp0 (type, TA_TOKEN_DPOP) == 0 ? TA_TOKEN_DPOP : NULL;
}

/* The token with the key it goes with. NULL: there is none, though the token is bound to one, or it
 * is none. */
static TaToken *
bind_token (JsonObject *object, const TaToken *token)
{
  const char *text = ta_json_get_string (object, "dpop_key");
  g_autoptr (TaSecret) key = text == NULL ? NULL : ta_secret_new (text);

  if ((text == NULL && json_object_has_member (object, "dpop_key"))
      || (text != NULL && (*text == '\0' || strlen (text) > KEY_MAX)))
    return NULL;
  return ta_token_bind (token, key, FALSE, NULL);
}

static TaToken *
parse_token (JsonObject *object)
{
  g_auto (GStrv) scopes = parse_words (object, "scopes");
  g_autoptr (TaToken) token = NULL;
  const char *type = find_type (object);
  const char *access_token = ta_json_get_string (object, "access_token");
  const char *refresh_token = ta_json_get_string (object, "refresh_token");
  gint64 issued_at;
  gint64 expires_at;

  if (type == NULL || access_token == NULL || !ta_token_is_text (access_token)
      || (refresh_token != NULL && !ta_token_is_text (refresh_token))
      || !ta_json_get_int64 (object, "issued_at", &issued_at)
      || !ta_json_get_int64 (object, "expires_at", &expires_at) || scopes == NULL)
    return NULL;
  token = ta_token_new (type, access_token, refresh_token, (const char *const *) scopes,
                        (TaInstant){ .wall = issued_at }, expires_at);
  return bind_token (object, token);
}

/* What a record can do without: a login counts for more than what is known of it. */
static void
parse_knowledge (JsonObject *object, TaRecord *self)
{
  char **requested_scopes = parse_words (object, "requested_scopes");
  const char *source = ta_json_get_string (object, "subject_source");
  const char *subject = ta_json_get_string (object, "subject");
  gint64 widened = 0;

  if (requested_scopes != NULL)
    {
      g_strfreev (self->requested_scopes);
      self->requested_scopes = requested_scopes;
    }
  ta_json_get_int64 (object, "widened", &widened);
  self->is_widened = widened != 0;
  if (source != NULL && subject != NULL)
    self->identity = ta_identity_new (source, subject);
  self->server = g_strdup (ta_json_get_string (object, "server"));
  self->client_id = g_strdup (ta_json_get_string (object, "client_id"));
  ta_json_get_int64 (object, "refresh_intent", &self->intent);
}

static TaRecord *
parse_object (JsonObject *object)
{
  g_autoptr (TaToken) token = parse_token (object);
  const char *account = ta_json_get_string (object, "account");
  const char *provider = ta_json_get_string (object, "provider");
  gint64 version;
  gint64 refused;
  TaRecord *self;

  if (token == NULL || account == NULL || !ta_provider_is_id (account) || provider == NULL
      || !ta_provider_is_id (provider) || !ta_json_get_int64 (object, "version", &version)
      || version != VERSION)
    return NULL;
  self = ta_record_new (account, provider, token, 0, NULL);
  if (!ta_json_get_int64 (object, "signed_in_at", &self->signed_in_at)
      || !ta_json_get_int64 (object, "refreshed_at", &self->refreshed_at)
      || !ta_json_get_int64 (object, "generation", &self->generation)
      || self->generation == G_MAXINT64 || !ta_json_get_int64 (object, "refused", &refused))
    g_clear_pointer (&self, ta_record_unref);
  else
    {
      self->refused = refused != 0;
      parse_knowledge (object, self);
    }
  return self;
}

/* Parses what ta_record_text_print() gave.
 * Errors: TA_ERROR_STORAGE_CORRUPT. */
TaRecord *
ta_record_text_parse (const char *json, GError **error)
{
  g_autoptr (JsonObject) object = ta_json_parse_object (json, strlen (json), RECORD_MAX, NULL);
  TaRecord *self = object == NULL ? NULL : parse_object (object);

  if (self == NULL)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_STORAGE_CORRUPT,
                         "The stored account is damaged or of a newer version: sign in again, or "
                         "update this program");
  return self;
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
add_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static void
add_words (JsonBuilder *builder, const char *name, char **words)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (int i = 0; words[i] != NULL; i++)
    json_builder_add_string_value (builder, words[i]);
  json_builder_end_array (builder);
}

static void
add_token (JsonBuilder *builder, const TaToken *token)
{
  add_string (builder, "access_token", ta_secret_peek (token->access_token));
  if (token->refresh_token != NULL)
    add_string (builder, "refresh_token", ta_secret_peek (token->refresh_token));
  add_string (builder, "token_type", token->type);
  if (token->dpop_key != NULL)
    add_string (builder, "dpop_key", ta_secret_peek (token->dpop_key));
  add_int (builder, "issued_at", token->issued.wall);
  add_int (builder, "expires_at", token->expires_at);
  add_words (builder, "scopes", token->scopes);
}

/* One JSON object. */
TaSecret *
ta_record_text_print (const TaRecord *self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (TaSecretString) text = NULL;

  json_builder_begin_object (builder);
  add_int (builder, "version", VERSION);
  add_string (builder, "account", self->account);
  add_string (builder, "provider", self->provider);
  if (self->identity != NULL)
    {
      add_string (builder, "subject_source", self->identity->source);
      add_string (builder, "subject", self->identity->subject);
    }
  if (self->server != NULL)
    add_string (builder, "server", self->server);
  if (self->client_id != NULL)
    add_string (builder, "client_id", self->client_id);
  add_int (builder, "signed_in_at", self->signed_in_at);
  add_int (builder, "refreshed_at", self->refreshed_at);
  add_int (builder, "generation", self->generation);
  add_int (builder, "refresh_intent", self->intent);
  add_int (builder, "refused", self->refused);
  add_int (builder, "widened", self->is_widened);
  add_words (builder, "requested_scopes", self->requested_scopes);
  add_token (builder, self->token);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = ta_json_print (root, FALSE);
  return ta_secret_new (text);
}

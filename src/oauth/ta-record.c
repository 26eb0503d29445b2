/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-record.h"

#include "base/ta-error.h"
#include "base/ta-json.h"
#include "oauth/ta-provider.h"

#include <string.h>

#define VERSION 1
#define RECORD_MAX (128 * 1024)
#define KEY_MAX 4096

static TaRecord *
copy (const char *account, const char *provider, TaToken *token)
{
  TaRecord *self = g_rc_box_new0 (TaRecord);

  self->account = g_strdup (account);
  self->provider = g_strdup (provider);
  self->token = ta_token_ref (token);
  return self;
}

/* The record of a sign-in; `previous` (nullable) is that of the same account before it, whose
 * subject is not taken over. */
TaRecord *
ta_record_new (const char *account, const char *provider, TaToken *token, gint64 now,
               const TaRecord *previous)
{
  TaRecord *self = copy (account, provider, token);

  self->signed_in_at = previous == NULL ? now : MAX (now, previous->signed_in_at);
  self->generation = previous == NULL ? 1 : previous->generation + 1;
  return self;
}

/* The record after a refresh. */
TaRecord *
ta_record_refresh (const TaRecord *self, TaToken *token, gint64 now)
{
  TaRecord *next = copy (self->account, self->provider, token);

  next->subject = g_strdup (self->subject);
  next->signed_in_at = self->signed_in_at;
  next->refreshed_at = now;
  next->generation = self->generation + 1;
  return next;
}

/* The record with another mark of when its refresh was begun. It is of the same generation. */
TaRecord *
ta_record_intend (const TaRecord *self, gint64 intent)
{
  TaRecord *next = ta_record_refresh (self, self->token, self->refreshed_at);

  next->generation = self->generation;
  next->intent = intent;
  return next;
}

/* The record with who it was that signed in; NULL: not known. It is of the same generation. */
TaRecord *
ta_record_with_subject (const TaRecord *self, const char *subject)
{
  TaRecord *next = ta_record_intend (self, self->intent);

  g_free (next->subject);
  next->subject = g_strdup (subject);
  next->refused = self->refused;
  return next;
}

/* The record once the provider ended the login. */
TaRecord *
ta_record_refuse (const TaRecord *self)
{
  TaRecord *next = ta_record_refresh (self, self->token, self->refreshed_at);

  next->refused = TRUE;
  return next;
}

/* The record as one that came later than `other`, whatever a clock said when: a new sign-in. */
TaRecord *
ta_record_follow (TaRecord *self, const TaRecord *other)
{
  TaRecord *next;

  if (ta_record_is_newer (self, other) || other->signed_in_at == G_MAXINT64)
    return ta_record_ref (self);
  next = ta_record_refresh (self, self->token, self->refreshed_at);
  next->signed_in_at = other->signed_in_at + 1;
  next->generation = self->generation;
  return next;
}

/* Whether only a new sign-in helps. `rejected`: some server refused the token. */
gboolean
ta_record_is_ended (const TaRecord *self, gboolean rejected, TaInstant now)
{
  return self->refused
         || (self->token->refresh_token == NULL
             && (rejected || !ta_token_is_valid (self->token, now)));
}

/* Whether it came later, of two records of one account. */
gboolean
ta_record_is_newer (const TaRecord *self, const TaRecord *other)
{
  if (self->signed_in_at != other->signed_in_at)
    return self->signed_in_at > other->signed_in_at;
  return self->generation > other->generation;
}

static gboolean
get_scopes (JsonObject *object, GStrvBuilder *builder)
{
  JsonNode *node = json_object_get_member (object, "scopes");
  JsonArray *array;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_VALUE (item) || json_node_get_value_type (item) != G_TYPE_STRING)
        return FALSE;
      g_strv_builder_add (builder, json_node_get_string (item));
    }
  return TRUE;
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
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) scopes = NULL;
  g_autoptr (TaToken) token = NULL;
  const char *type = find_type (object);
  const char *access_token = ta_json_get_string (object, "access_token");
  const char *refresh_token = ta_json_get_string (object, "refresh_token");
  gint64 issued_at;
  gint64 expires_at;

  if (type == NULL || access_token == NULL || !ta_token_is_text (access_token)
      || (refresh_token != NULL && !ta_token_is_text (refresh_token))
      || !ta_json_get_int64 (object, "issued_at", &issued_at)
      || !ta_json_get_int64 (object, "expires_at", &expires_at) || !get_scopes (object, builder))
    return NULL;
  scopes = g_strv_builder_end (builder);
  token = ta_token_new (type, access_token, refresh_token, (const char *const *) scopes,
                        (TaInstant){ .wall = issued_at }, expires_at);
  return bind_token (object, token);
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
  self = copy (account, provider, token);
  if (!ta_json_get_int64 (object, "signed_in_at", &self->signed_in_at)
      || !ta_json_get_int64 (object, "refreshed_at", &self->refreshed_at)
      || !ta_json_get_int64 (object, "generation", &self->generation)
      || self->generation == G_MAXINT64 || !ta_json_get_int64 (object, "refused", &refused))
    g_clear_pointer (&self, ta_record_unref);
  else
    {
      self->refused = refused != 0;
      self->subject = g_strdup (ta_json_get_string (object, "subject"));
      ta_json_get_int64 (object, "refresh_intent", &self->intent);
    }
  return self;
}

/* Parses what ta_record_print() gave.
 * Errors: TA_ERROR_STORAGE_CORRUPT. */
TaRecord *
ta_record_parse (const char *json, GError **error)
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
  json_builder_set_member_name (builder, "scopes");
  json_builder_begin_array (builder);
  for (int i = 0; token->scopes[i] != NULL; i++)
    json_builder_add_string_value (builder, token->scopes[i]);
  json_builder_end_array (builder);
}

/* One JSON object. */
TaSecret *
ta_record_print (const TaRecord *self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (TaSecretString) text = NULL;

  json_builder_begin_object (builder);
  add_int (builder, "version", VERSION);
  add_string (builder, "account", self->account);
  add_string (builder, "provider", self->provider);
  if (self->subject != NULL)
    add_string (builder, "subject", self->subject);
  add_int (builder, "signed_in_at", self->signed_in_at);
  add_int (builder, "refreshed_at", self->refreshed_at);
  add_int (builder, "generation", self->generation);
  add_int (builder, "refresh_intent", self->intent);
  add_int (builder, "refused", self->refused);
  add_token (builder, self->token);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, FALSE);
  return ta_secret_new (text);
}

TaRecord *
ta_record_ref (TaRecord *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (void *data)
{
  TaRecord *self = data;

  g_free (self->account);
  g_free (self->provider);
  g_free (self->subject);
  ta_token_unref (self->token);
}

void
ta_record_unref (TaRecord *self)
{
  g_rc_box_release_full (self, clear);
}

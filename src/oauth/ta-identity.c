/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-identity.h"

#include "base/ta-json.h"
#include "base/ta-secret.h"
#include "oauth/ta-encoding.h"
#include "oauth/ta-endpoint.h"

#include <string.h>

/* Who signed in, as a text that means something to the provider only: good for telling whether it
 * was the same person as before, and for nothing else. What cannot be used says nothing; it never
 * fails a first sign-in, because the tokens do not depend on it. */

#define JWT_MAX (64 * 1024)
#define USER_INFO_MAX (1024 * 1024)

/* OpenID Connect Core 1.0 section 2: a subject has at most 255 characters. */
#define SUBJECT_MAX 255

/* What the source of an ID token starts with; its issuer follows. */
#define ID_TOKEN "id_token "
#define ISSUER_MAX 4096

/* A wall clock may be wrong; an ID token that looks as stale as this is not the one just made. */
#define SKEW 600

/* (nullable): what base64url without padding stands for (RFC 7515 section 2); NULL unless it is
 * spelt in the one right way, and is text. */
static TaSecretString *
decode (const char *text)
{
  const char *const paddings[] = { "", "===", "==", "=" };
  g_autoptr (TaSecretString) standard = g_strconcat (text, paddings[strlen (text) % 4], NULL);
  g_autofree guchar *bytes = NULL;
  g_autoptr (TaSecretString) again = NULL;
  TaSecretString *plain = NULL;
  gsize length;

  g_strdelimit (standard, "-", '+');
  g_strdelimit (standard, "_", '/');
  bytes = g_base64_decode (standard, &length);
  again = ta_encoding_base64url (bytes, length);
  if (g_str_equal (again, text) && memchr (bytes, '\0', length) == NULL)
    plain = g_strndup ((const char *) bytes, length);
  explicit_bzero (bytes, length);
  return plain;
}

/* (nullable): the claims of a JWT in compact form (RFC 7519 section 7.2), header and signature
 * aside. */
static JsonObject *
parse_claims (const char *jwt)
{
  const char *dot = strchr (jwt, '.');
  const char *last_dot = dot != NULL ? strchr (dot + 1, '.') : NULL;
  g_autoptr (TaSecretString) encoded = NULL;
  g_autoptr (TaSecretString) claims = NULL;

  if (strlen (jwt) > JWT_MAX || last_dot == NULL || strchr (last_dot + 1, '.') != NULL)
    return NULL;
  encoded = g_strndup (dot + 1, (gsize) (last_dot - dot - 1));
  claims = decode (encoded);
  return claims == NULL ? NULL : ta_json_parse_object (claims, strlen (claims), JWT_MAX, NULL);
}

static gboolean
is_for (JsonObject *claims, const char *client_id)
{
  JsonNode *node = json_object_get_member (claims, "aud");
  JsonArray *array;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return g_strcmp0 (ta_json_get_string (claims, "aud"), client_id) == 0;
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_VALUE (item) && json_node_get_value_type (item) == G_TYPE_STRING
          && g_str_equal (json_node_get_string (item), client_id))
        return TRUE;
    }
  return FALSE;
}

/* (nullable): a string, or a whole number as text; json-glib makes those too large for it
 * negative. */
static char *
get_subject (JsonObject *object, const char *member)
{
  const char *text = ta_json_get_string (object, member);
  gint64 number;

  if (text != NULL)
    return *text != '\0' && strlen (text) <= SUBJECT_MAX ? g_strdup (text) : NULL;
  return ta_json_get_int64 (object, member, &number) ? g_strdup_printf ("%" G_GINT64_FORMAT, number)
                                                     : NULL;
}

/* (nullable): from a source and what it says, which is freed. */
static TaIdentity *
take (char *source, char *subject)
{
  g_autofree char *owned_source = source;
  g_autofree char *owned_subject = subject;

  return owned_subject == NULL ? NULL : ta_identity_new (owned_source, owned_subject);
}

static char *
name_id_token (const char *issuer)
{
  return g_strconcat (ID_TOKEN, issuer, NULL);
}

static char *
name_user_info (const char *uri, const char *member)
{
  return g_strconcat ("user_info ", uri, "#", member, NULL);
}

/* (nullable): what an ID token says that came from the token endpoint itself. That is why its
 * signature is not looked at: OpenID Connect Core 1.0 section 3.1.3.7, item 6, lets TLS vouch for
 * the issuer in this case. A token that came any other way must not be given to this function.
 * `issuer` NULL: any. */
TaIdentity *
ta_identity_from_id_token (const char *jwt, const char *issuer, const char *client_id, gint64 now)
{
  g_autoptr (JsonObject) claims = parse_claims (jwt);
  const char *said = claims == NULL ? NULL : ta_json_get_string (claims, "iss");
  gint64 expires_at;

  if (claims == NULL || !is_for (claims, client_id)
      || (issuer != NULL && g_strcmp0 (said, issuer) != 0)
      || (said != NULL && strlen (said) > ISSUER_MAX)
      || !ta_json_get_int64 (claims, "exp", &expires_at) || expires_at <= now - SKEW
      || ta_json_get_string (claims, "sub") == NULL)
    return NULL;
  return take (name_id_token (said != NULL ? said : ""), get_subject (claims, "sub"));
}

/* (nullable): a member of what the API says of the user at `uri` (such as OpenID Connect Core 1.0
 * section 5.3.2). */
TaIdentity *
ta_identity_from_user_info (const char *json, gsize length, const char *uri, const char *member)
{
  g_autoptr (JsonObject) object = ta_json_parse_object (json, length, USER_INFO_MAX, NULL);

  return object == NULL ? NULL : take (name_user_info (uri, member), get_subject (object, member));
}

/* Whether they are two different persons for certain. What two sources say of one person differs
 * too, so that tells nothing. */
gboolean
ta_identity_contradicts (const TaIdentity *self, const TaIdentity *other)
{
  return g_str_equal (self->source, other->source) && !g_str_equal (self->subject, other->subject);
}

/* Whether a sign-in at the provider that asks for these scopes has to be told who it was by the
 * same source: user info by the provider file, an ID token because it is asked for (OpenID Connect
 * Core 1.0 section 3.1.2.1). */
gboolean
ta_identity_is_due (const TaIdentity *self, const TaProvider *provider, const char *const *scopes)
{
  g_autofree char *uri = NULL;
  g_autofree char *source = NULL;

  if (provider->user_info_path != NULL)
    {
      uri = ta_endpoint_api_uri (provider->base_uri, provider->user_info_path, NULL);
      source = uri == NULL ? NULL : name_user_info (uri, provider->user_info_member);
    }
  else if (g_strv_contains (scopes, "openid"))
    {
      if (provider->issuer == NULL)
        return g_str_has_prefix (self->source, ID_TOKEN);
      source = name_id_token (provider->issuer);
    }
  return g_strcmp0 (self->source, source) == 0;
}

TaIdentity *
ta_identity_new (const char *source, const char *subject)
{
  TaIdentity *self = g_rc_box_new0 (TaIdentity);

  self->source = g_strdup (source);
  self->subject = g_strdup (subject);
  return self;
}

TaIdentity *
ta_identity_ref (TaIdentity *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (void *data)
{
  TaIdentity *self = data;

  g_free (self->source);
  g_free (self->subject);
}

void
ta_identity_unref (TaIdentity *self)
{
  g_rc_box_release_full (self, clear);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-metadata.h"

#include "base/ta-error.h"
#include "base/ta-json.h"
#include "oauth/ta-endpoint.h"

#include <string.h>

/* A document is taken as a whole or not at all: one that has a member of the wrong type, or an
 * endpoint that could not be used, is not what the standard says, and nothing of it is believed.
 * Which of its endpoints may be used is decided where they meet the provider file. */

#define OAUTH_SUFFIX "/.well-known/oauth-authorization-server"
#define OPENID_SUFFIX "/.well-known/openid-configuration"

/* An issuer identifier (RFC 8414 section 2): an endpoint's URI without query. */
gboolean
ta_metadata_is_issuer (const char *uri)
{
  return ta_endpoint_is_valid (uri) && strchr (uri, '?') == NULL;
}

/* Where the metadata of an issuer may be, in the order to look: the well-known URI with the
 * issuer's path behind it (RFC 8414 section 3.1), then the one with the path in front (OpenID
 * Connect Discovery 1.0 section 4.1). */
char **
ta_metadata_uris (const char *issuer)
{
  const char *authority = strstr (issuer, "://") + strlen ("://");
  gsize origin_length = (gsize) (authority - issuer) + strcspn (authority, "/");
  g_autofree char *origin = g_strndup (issuer, origin_length);
  g_autofree char *path = g_strdup (issuer + origin_length);
  char **uris = g_new0 (char *, 3);

  if (g_str_has_suffix (path, "/"))
    path[strlen (path) - 1] = '\0';
  uris[0] = g_strconcat (origin, OAUTH_SUFFIX, path, NULL);
  uris[1] = g_strconcat (origin, path, OPENID_SUFFIX, NULL);
  return uris;
}

/* (nullable): the member; NULL if it is absent or null. */
static JsonNode *
get_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node == NULL || JSON_NODE_HOLDS_NULL (node) ? NULL : node;
}

static gboolean
read_endpoint (JsonObject *object, const char *name, char **endpoint)
{
  const char *uri = ta_json_get_string (object, name);

  if (get_member (object, name) == NULL)
    return TRUE;
  if (uri == NULL || !ta_endpoint_is_valid (uri))
    return FALSE;
  *endpoint = g_strdup (uri);
  return TRUE;
}

static gboolean
read_flag (JsonObject *object, const char *name, gboolean *flag)
{
  JsonNode *node = get_member (object, name);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return FALSE;
  *flag = json_node_get_boolean (node);
  return TRUE;
}

static gboolean
read_algorithms (JsonObject *object, const char *name, gboolean *offers_es256)
{
  JsonNode *node = get_member (object, name);
  JsonArray *array;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_VALUE (item) || json_node_get_value_type (item) != G_TYPE_STRING)
        return FALSE;
      if (g_str_equal (json_node_get_string (item), "ES256"))
        *offers_es256 = TRUE;
    }
  return TRUE;
}

/* (nullable): the name of the first member that is not what it should be. */
static const char *
read_members (JsonObject *object, TaMetadata *self)
{
  const struct
  {
    const char *name;
    char **endpoint;
  } endpoints[] = {
    { "authorization_endpoint", &self->authorization_endpoint },
    { "token_endpoint", &self->token_endpoint },
    { "revocation_endpoint", &self->revocation_endpoint },
    { "device_authorization_endpoint", &self->device_authorization_endpoint },
    { "pushed_authorization_request_endpoint", &self->pushed_authorization_request_endpoint },
  };
  const char *requires_par = "require_pushed_authorization_requests";
  const char *advertises_iss = "authorization_response_iss_parameter_supported";
  const char *dpop_algorithms = "dpop_signing_alg_values_supported";

  for (gsize i = 0; i < G_N_ELEMENTS (endpoints); i++)
    if (!read_endpoint (object, endpoints[i].name, endpoints[i].endpoint))
      return endpoints[i].name;
  if (!read_flag (object, requires_par, &self->requires_par))
    return requires_par;
  if (!read_flag (object, advertises_iss, &self->advertises_iss))
    return advertises_iss;
  if (!read_algorithms (object, dpop_algorithms, &self->offers_dpop))
    return dpop_algorithms;
  return NULL;
}

/* Parses a metadata document that was fetched for `issuer`. The document must name that very
 * issuer, byte for byte (RFC 8414 section 3.3 and 4), or it must not be used.
 * Errors: TA_ERROR_INVALID_RESPONSE. */
TaMetadata *
ta_metadata_parse (const char *json, gsize length, const char *issuer, GError **error)
{
  g_autoptr (JsonObject) object = ta_json_parse_object (json, length, TA_METADATA_MAX, error);
  g_autoptr (TaMetadata) self = g_rc_box_new0 (TaMetadata);
  const char *unusable;

  if (object == NULL)
    return NULL;
  if (g_strcmp0 (ta_json_get_string (object, "issuer"), issuer) != 0)
    {
      g_set_error_literal (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                           "The provider's metadata is that of another issuer: write Issuer in the "
                           "provider file exactly as the provider does");
      return NULL;
    }
  self->issuer = g_strdup (issuer);
  unusable = read_members (object, self);
  if (unusable != NULL)
    {
      g_set_error (error, TA_ERROR, TA_ERROR_INVALID_RESPONSE,
                   "The provider's metadata has an unusable %s: tell the provider, or set the "
                   "endpoints in the provider file without Issuer",
                   unusable);
      return NULL;
    }
  return g_steal_pointer (&self);
}

TaMetadata *
ta_metadata_ref (TaMetadata *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (void *data)
{
  TaMetadata *self = data;

  g_free (self->issuer);
  g_free (self->authorization_endpoint);
  g_free (self->token_endpoint);
  g_free (self->revocation_endpoint);
  g_free (self->device_authorization_endpoint);
  g_free (self->pushed_authorization_request_endpoint);
}

void
ta_metadata_unref (TaMetadata *self)
{
  g_rc_box_release_full (self, clear);
}

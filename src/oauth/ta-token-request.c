/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-token-request.h"

#include "base/ta-json.h"
#include "oauth/ta-encoding.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* The parameters of a request, in one of the two formats. A parameter of several values becomes an
 * array in JSON and is repeated in a form. */
typedef struct
{
  TaFormat format;
  JsonObject *json; /* (owned) */
  GString *form;    /* (owned) */
} Fields;

static void
add (Fields *fields, const char *name, const char *value)
{
  if (fields->format == TA_FORMAT_JSON)
    json_object_set_string_member (fields->json, name, value);
  else
    ta_encoding_add_field (fields->form, name, value);
}

static void
add_resources (Fields *fields, char **resources)
{
  g_autoptr (JsonArray) array = json_array_new ();

  if (fields->format == TA_FORMAT_FORM || g_strv_length (resources) == 1)
    for (int i = 0; resources[i] != NULL; i++)
      add (fields, "resource", resources[i]);
  else if (resources[0] != NULL)
    {
      for (int i = 0; resources[i] != NULL; i++)
        json_array_add_string_element (array, resources[i]);
      json_object_set_array_member (fields->json, "resource", g_steal_pointer (&array));
    }
}

static Fields
begin (TaFormat format)
{
  Fields fields = { .format = format };

  fields.json = json_object_new ();
  fields.form = g_string_new (NULL);
  return fields;
}

/* HTTP Basic with both halves form-encoded first (RFC 6749 section 2.3.1). A space becomes %20 as
 * in the body: servers that decode percent signs only read it too. */
static TaSecret *
print_basic (const TaClient *client)
{
  g_autofree char *id = g_uri_escape_string (client->id, NULL, FALSE);
  g_autoptr (TaSecretString) secret = g_uri_escape_string (
      client->secret != NULL ? ta_secret_peek (client->secret) : "", NULL, FALSE);
  g_autoptr (TaSecretString) pair = g_strconcat (id, ":", secret, NULL);
  g_autoptr (TaSecretString) encoded = g_base64_encode ((const guchar *) pair, strlen (pair));
  g_autoptr (TaSecretString) value = g_strconcat ("Basic ", encoded, NULL);

  return ta_secret_new (value);
}

static TaSecret *
print_json (JsonObject *object)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (TaSecretString) text = NULL;

  json_node_set_object (root, object);
  text = ta_json_print (root, FALSE);
  return ta_secret_new (text);
}

static void
add_secret (Fields *fields, const TaProvider *provider, const TaClient *client)
{
  if (provider->client_authentication == TA_CLIENT_AUTHENTICATION_BODY && client->secret != NULL)
    add (fields, "client_secret", ta_secret_peek (client->secret));
}

/* Closes a request that has its client_id and client_secret, or does without. */
static TaTokenRequest *
end (Fields *fields, const TaProvider *provider, const TaClient *client)
{
  TaTokenRequest *self = g_new0 (TaTokenRequest, 1);
  gboolean is_json = fields->format == TA_FORMAT_JSON;

  if (provider->client_authentication == TA_CLIENT_AUTHENTICATION_BASIC)
    self->authorization = print_basic (client);
  self->content_type = is_json ? "application/json" : "application/x-www-form-urlencoded";
  self->body = is_json ? print_json (fields->json) : ta_secret_new (fields->form->str);
  json_object_unref (fields->json);
  ta_secret_free_gstring (fields->form);
  return self;
}

/* Adds the client authentication and closes the request. */
static TaTokenRequest *
end_with_client (Fields *fields, const TaProvider *provider, const TaClient *client)
{
  if (provider->client_authentication != TA_CLIENT_AUTHENTICATION_BASIC)
    add (fields, "client_id", client->id);
  add_secret (fields, provider, client);
  return end (fields, provider, client);
}

/* RFC 6749 section 4.1.3 and RFC 7636 section 4.5; `redirect_uri` exactly as it was asked with. */
TaTokenRequest *
ta_token_request_code (const TaProvider *provider, const TaClient *client, const char *code,
                       const char *redirect_uri, const char *code_verifier)
{
  Fields fields = begin (provider->format);

  add (&fields, "grant_type", "authorization_code");
  add (&fields, "code", code);
  add (&fields, "redirect_uri", redirect_uri);
  if (provider->pkce)
    add (&fields, "code_verifier", code_verifier);
  add_resources (&fields, provider->resources);
  return end_with_client (&fields, provider, client);
}

/* RFC 6749 section 6. */
TaTokenRequest *
ta_token_request_refresh (const TaProvider *provider, const TaClient *client,
                          const char *refresh_token)
{
  Fields fields = begin (provider->format);

  add (&fields, "grant_type", "refresh_token");
  add (&fields, "refresh_token", refresh_token);
  add_resources (&fields, provider->resources);
  return end_with_client (&fields, provider, client);
}

/* RFC 7009 section 2.1. */
TaTokenRequest *
ta_token_request_revoke (const TaProvider *provider, const TaClient *client, const char *token,
                         const char *type_hint)
{
  Fields fields = begin (provider->format);

  add (&fields, "token", token);
  add (&fields, "token_type_hint", type_hint);
  return end_with_client (&fields, provider, client);
}

/* RFC 9126 section 2.1: a form always. `query` is that of the authorization request, client_id
 * included. Parameters that the authorization endpoint has in its own query are the provider's
 * further ones, and count only if they are pushed too. */
TaTokenRequest *
ta_token_request_push (const TaProvider *provider, const TaClient *client, const char *query)
{
  const char *own = strchr (provider->authorization_endpoint, '?');
  Fields fields = begin (TA_FORMAT_FORM);

  g_string_append (fields.form, query);
  if (own != NULL && own[1] != '\0')
    g_string_append_printf (fields.form, "&%s", own + 1);
  add_secret (&fields, provider, client);
  return end (&fields, provider, client);
}

static void
add_scopes (Fields *fields, const TaProvider *provider, const char *const *scopes)
{
  const char *const *asked = scopes != NULL ? scopes : (const char *const *) provider->scopes;
  g_autofree char *scope = g_strjoinv (" ", (char **) asked);

  if (*scope != '\0')
    add (fields, "scope", scope);
}

/* RFC 8628 section 3.1: a form always. `scopes` NULL: those of the provider file. */
TaTokenRequest *
ta_token_request_device (const TaProvider *provider, const TaClient *client,
                         const char *const *scopes)
{
  Fields fields = begin (TA_FORMAT_FORM);

  add_scopes (&fields, provider, scopes);
  add_resources (&fields, provider->resources);
  return end_with_client (&fields, provider, client);
}

/* RFC 8628 section 3.4. */
TaTokenRequest *
ta_token_request_device_code (const TaProvider *provider, const TaClient *client,
                              const TaSecret *device_code)
{
  Fields fields = begin (provider->format);

  add (&fields, "grant_type", "urn:ietf:params:oauth:grant-type:device_code");
  add (&fields, "device_code", ta_secret_peek (device_code));
  add_resources (&fields, provider->resources);
  return end_with_client (&fields, provider, client);
}

void
ta_token_request_free (TaTokenRequest *self)
{
  ta_secret_unref (self->body);
  g_clear_pointer (&self->authorization, ta_secret_unref);
  g_free (self);
}

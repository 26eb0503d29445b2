/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-provider.h"

#include "base/ta-error.h"
#include "oauth/ta-encoding.h"
#include "oauth/ta-endpoint.h"
#include "oauth/ta-host.h"
#include "oauth/ta-key-reader.h"

#include <string.h>

/* What a provider is, comes from two places: the file, which its user answers for, and the metadata
 * of the issuer named there. The file wins; and metadata may name endpoints on the issuer's own
 * host only, or on one that the file lists, so that whoever can change it cannot have codes, tokens
 * and secrets sent elsewhere. */

#define PROVIDER "Provider"
#define API "Api"

/* Where the tokens come from. With an issuer, its metadata may say; API keys need none of it. */
static void
read_endpoints (TaKeyReader *reader, TaProvider *self)
{
  gboolean required;

  self->issuer = ta_key_reader_take (reader, PROVIDER, "Issuer");
  if (self->issuer != NULL && !ta_metadata_is_issuer (self->issuer))
    ta_key_reader_fail (reader, PROVIDER, "Issuer",
                        "must be an https URI, or http to a loopback host, without user info, "
                        "query or fragment");
  self->metadata_hosts = ta_key_reader_take_words (reader, PROVIDER, "MetadataHosts");
  for (int i = 0; self->metadata_hosts[i] != NULL; i++)
    if (!ta_host_is_name (self->metadata_hosts[i]))
      ta_key_reader_fail (reader, PROVIDER, "MetadataHosts",
                          "must be host names without scheme, port and path");
  required = self->issuer == NULL && self->api_authentication == TA_API_AUTHENTICATION_BEARER;
  self->authorization_endpoint
      = ta_key_reader_take_endpoint (reader, PROVIDER, "AuthorizationEndpoint", required);
  self->token_endpoint = ta_key_reader_take_endpoint (reader, PROVIDER, "TokenEndpoint", required);
  self->revocation_endpoint
      = ta_key_reader_take_endpoint (reader, PROVIDER, "RevocationEndpoint", FALSE);
  self->device_authorization_endpoint
      = ta_key_reader_take_endpoint (reader, PROVIDER, "DeviceAuthorizationEndpoint", FALSE);
  self->pushed_authorization_request_endpoint
      = ta_key_reader_take_endpoint (reader, PROVIDER, "PushedAuthorizationRequestEndpoint", FALSE);
  self->requires_par = self->pushed_authorization_request_endpoint != NULL;
}

/* A path of one's own per provider tells apart which server an answer is for (RFC 9700 section
 * 4.4.2). */
static void
read_redirect_uri (TaKeyReader *reader, TaProvider *self)
{
  g_autofree char *own = g_strconcat ("http://127.0.0.1:0/callback/", self->id, NULL);

  self->redirect_uri = ta_key_reader_take_or (reader, PROVIDER, "RedirectUri", own);
  if (!ta_endpoint_is_redirect_uri (self->redirect_uri))
    ta_key_reader_fail (reader, PROVIDER, "RedirectUri",
                        "must be an http URI to 127.0.0.1, [::1] or localhost with a port and "
                        "without query");
}

static void
read_requests (TaKeyReader *reader, TaProvider *self)
{
  const char *const formats[] = { "json", "form", NULL };
  const char *const authentications[] = { "body", "basic", "none", NULL };
  const char *const pkce[] = { "S256", "none", NULL };
  const char *const dpop[] = { "auto", "required", "none", NULL };

  self->format
      = (TaFormat) ta_key_reader_take_choice (reader, PROVIDER, "TokenRequestFormat", formats);
  self->client_authentication = (TaClientAuthentication) ta_key_reader_take_choice (
      reader, PROVIDER, "ClientAuthentication", authentications);
  self->pkce = ta_key_reader_take_choice (reader, PROVIDER, "Pkce", pkce) == 0;
  self->dpop = (TaDpop) ta_key_reader_take_choice (reader, PROVIDER, "Dpop", dpop);
  self->scopes = ta_key_reader_take_words (reader, PROVIDER, "Scopes");
  self->resources = ta_key_reader_take_words (reader, PROVIDER, "Resource");
  for (int i = 0; self->resources[i] != NULL; i++)
    if (!g_uri_is_valid (self->resources[i], G_URI_FLAGS_NONE, NULL)
        || strchr (self->resources[i], '#') != NULL)
      ta_key_reader_fail (reader, PROVIDER, "Resource", "must be absolute URIs without fragment");
  if (!ta_encoding_are_scopes ((const char *const *) self->scopes))
    ta_key_reader_fail (reader, PROVIDER, "Scopes",
                        "must be words of printable ASCII without quotes");
  self->client_id = ta_key_reader_take (reader, PROVIDER, "ClientId");
  if (self->client_id != NULL && !ta_encoding_is_vschars (self->client_id))
    ta_key_reader_fail (reader, PROVIDER, "ClientId",
                        "must be visible ASCII of at most 4096 characters");
}

static void
read_api (TaKeyReader *reader, TaProvider *self)
{
  g_autofree char *base_uri = ta_key_reader_take_endpoint (reader, API, "BaseUri", TRUE);
  g_autofree char *user_info_uri = NULL;

  if (base_uri != NULL && strchr (base_uri, '?') != NULL)
    ta_key_reader_fail (reader, API, "BaseUri", "must not have a query");
  if (base_uri != NULL)
    self->base_uri = g_strconcat (base_uri, g_str_has_suffix (base_uri, "/") ? NULL : "/", NULL);
  self->accept = ta_key_reader_take_or (reader, API, "Accept", "application/json");
  for (const char *c = self->accept; *c != '\0'; c++)
    if (*c < 0x20 || *c > 0x7e)
      ta_key_reader_fail (reader, API, "Accept", "must be printable ASCII");
  self->user_info_path = ta_key_reader_take (reader, API, "UserInfoPath");
  self->user_info_member = ta_key_reader_take_or (reader, API, "UserInfoMember", "sub");
  if (self->user_info_path != NULL && self->base_uri != NULL)
    user_info_uri = ta_endpoint_api_uri (self->base_uri, self->user_info_path, NULL);
  if (self->user_info_path != NULL && user_info_uri == NULL)
    ta_key_reader_fail (reader, API, "UserInfoPath", "must be a path below BaseUri");
}

static void
read_file (TaKeyReader *reader, TaProvider *self)
{
  const char *const authentications[] = { "bearer", "openapi-key", NULL };

  self->api_authentication = (TaApiAuthentication) ta_key_reader_take_choice (
      reader, API, "Authentication", authentications);
  self->name = ta_key_reader_take_or (reader, PROVIDER, "Name", self->id);
  read_endpoints (reader, self);
  read_redirect_uri (reader, self);
  read_requests (reader, self);
  read_api (reader, self);
  ta_key_reader_refuse_rest (reader);
}

/* [A-Za-z0-9][A-Za-z0-9._@-]{0,63}: the form of provider ids and account ids. */
gboolean
ta_provider_is_id (const char *text)
{
  gsize length = strspn (text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._@-");

  return g_ascii_isalnum (*text) && text[length] == '\0' && length <= 64;
}

/* Parses the contents of the provider file `id`.conf.
 * Errors: TA_ERROR_NOT_CONFIGURED, naming file and key. */
TaProvider *
ta_provider_parse (const char *id, const char *data, gsize length, GError **error)
{
  g_autoptr (TaProvider) self = g_rc_box_new0 (TaProvider);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *name = g_strdup_printf ("Provider file %.32s.conf", id);
  TaKeyReader reader = { .file = file, .name = name };

  self->id = g_strdup (id);
  if (!g_key_file_load_from_data (file, data, length, G_KEY_FILE_NONE, NULL))
    {
      g_set_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED,
                   "%s: it is not a key file with [Provider] and [Api]", name);
      return NULL;
    }
  read_file (&reader, self);
  if (reader.error != NULL)
    {
      g_propagate_error (error, reader.error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

static TaProvider *
copy (const TaProvider *self)
{
  TaProvider *next = (TaProvider *) g_rc_box_dup (sizeof *self, self);

  next->id = g_strdup (self->id);
  next->name = g_strdup (self->name);
  next->issuer = g_strdup (self->issuer);
  next->authorization_endpoint = g_strdup (self->authorization_endpoint);
  next->token_endpoint = g_strdup (self->token_endpoint);
  next->revocation_endpoint = g_strdup (self->revocation_endpoint);
  next->device_authorization_endpoint = g_strdup (self->device_authorization_endpoint);
  next->pushed_authorization_request_endpoint
      = g_strdup (self->pushed_authorization_request_endpoint);
  next->metadata_hosts = g_strdupv (self->metadata_hosts);
  next->redirect_uri = g_strdup (self->redirect_uri);
  next->scopes = g_strdupv (self->scopes);
  next->resources = g_strdupv (self->resources);
  next->client_id = g_strdup (self->client_id);
  next->base_uri = g_strdup (self->base_uri);
  next->accept = g_strdup (self->accept);
  next->user_info_path = g_strdup (self->user_info_path);
  next->user_info_member = g_strdup (self->user_info_member);
  return next;
}

/* Whether requests for tokens carry proofs (RFC 9449 section 5). */
gboolean
ta_provider_uses_dpop (const TaProvider *self)
{
  return self->dpop == TA_DPOP_REQUIRED || (self->dpop == TA_DPOP_AUTO && self->offers_dpop);
}

/* Takes what the metadata offers for an endpoint that the file leaves open. An https issuer never
 * leads to plain http, not even on this machine. */
static gboolean
adopt (const TaProvider *self, char **endpoint, const char *offered, const char *name,
       GError **error)
{
  if (*endpoint != NULL || offered == NULL)
    return TRUE;
  if ((ta_host_is_same (offered, self->issuer)
       || ta_host_is_listed (offered, (const char *const *) self->metadata_hosts))
      && (g_str_has_prefix (offered, "https:") || !g_str_has_prefix (self->issuer, "https:")))
    {
      *endpoint = g_strdup (offered);
      return TRUE;
    }
  g_set_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED,
               "Provider file %s.conf: the metadata has %s on a host that is neither Issuer's nor "
               "in MetadataHosts",
               self->id, name);
  return FALSE;
}

static gboolean
require (const TaProvider *self, const char *endpoint, const char *key, GError **error)
{
  if (endpoint == NULL)
    g_set_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED,
                 "Provider file %s.conf: key %s in [Provider] is missing, and the metadata of "
                 "Issuer does not say it either",
                 self->id, key);
  return endpoint != NULL;
}

/* The provider with what the metadata of its issuer adds: what the file sets explicitly stays.
 * Requests are pushed if the file names the endpoint for it or the metadata requires it, not if the
 * metadata only offers it.
 * Errors: TA_ERROR_NOT_CONFIGURED, naming file and endpoint. */
TaProvider *
ta_provider_complete (const TaProvider *self, const TaMetadata *metadata, GError **error)
{
  g_autoptr (TaProvider) next = copy (self);
  const char *push_endpoint
      = metadata->requires_par ? metadata->pushed_authorization_request_endpoint : NULL;
  const struct
  {
    const char *name;
    const char *offered;
    char **endpoint;
  } offers[] = {
    { "authorization_endpoint", metadata->authorization_endpoint, &next->authorization_endpoint },
    { "token_endpoint", metadata->token_endpoint, &next->token_endpoint },
    { "revocation_endpoint", metadata->revocation_endpoint, &next->revocation_endpoint },
    { "device_authorization_endpoint", metadata->device_authorization_endpoint,
      &next->device_authorization_endpoint },
    { "pushed_authorization_request_endpoint", push_endpoint,
      &next->pushed_authorization_request_endpoint },
  };

  if (g_strcmp0 (self->issuer, metadata->issuer) != 0)
    {
      g_set_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED,
                   "Provider file %s.conf: key Issuer in [Provider] changed: try again", self->id);
      return NULL;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (offers); i++)
    if (!adopt (self, offers[i].endpoint, offers[i].offered, offers[i].name, error))
      return NULL;
  next->requires_par = self->requires_par || metadata->requires_par;
  next->advertises_iss = metadata->advertises_iss;
  next->offers_dpop = metadata->offers_dpop;
  if (!require (self, next->authorization_endpoint, "AuthorizationEndpoint", error)
      || !require (self, next->token_endpoint, "TokenEndpoint", error)
      || (next->requires_par
          && !require (self, next->pushed_authorization_request_endpoint,
                       "PushedAuthorizationRequestEndpoint", error)))
    return NULL;
  return g_steal_pointer (&next);
}

/* (transfer full) (nullable): who gives the provider's tokens: its issuer, or the origin of its
 * token endpoint; nobody if its API takes keys. */
char *
ta_provider_get_server (const TaProvider *self)
{
  if (self->issuer != NULL || self->token_endpoint == NULL)
    return g_strdup (self->issuer);
  return ta_endpoint_origin (self->token_endpoint);
}

/* Whether tokens that `server` gave are this provider's: a file may have come to name another
 * server, which must not see them. `server` NULL: it is not known who did.
 * Errors: TA_ERROR_SIGN_IN_REQUIRED. */
gboolean
ta_provider_check_server (const TaProvider *self, const char *server, GError **error)
{
  g_autofree char *own = ta_provider_get_server (self);

  if (server == NULL || g_strcmp0 (server, own) == 0)
    return TRUE;
  g_set_error (error, TA_ERROR, TA_ERROR_SIGN_IN_REQUIRED,
               "Provider file %s.conf names another server than this login is from: sign in again, "
               "or put the file back",
               self->id);
  return FALSE;
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
  g_free (self->issuer);
  g_free (self->authorization_endpoint);
  g_free (self->token_endpoint);
  g_free (self->revocation_endpoint);
  g_free (self->device_authorization_endpoint);
  g_free (self->pushed_authorization_request_endpoint);
  g_strfreev (self->metadata_hosts);
  g_free (self->redirect_uri);
  g_strfreev (self->scopes);
  g_strfreev (self->resources);
  g_free (self->client_id);
  g_free (self->base_uri);
  g_free (self->accept);
  g_free (self->user_info_path);
  g_free (self->user_info_member);
}

void
ta_provider_unref (TaProvider *self)
{
  g_rc_box_release_full (self, clear);
}

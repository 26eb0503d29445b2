/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-metadata.h"

G_BEGIN_DECLS

typedef enum
{
  TA_FORMAT_JSON,
  TA_FORMAT_FORM, /* application/x-www-form-urlencoded, RFC 6749 appendix B */
} TaFormat;

typedef enum
{
  TA_CLIENT_AUTHENTICATION_BODY,  /* client_id and client_secret in the body */
  TA_CLIENT_AUTHENTICATION_BASIC, /* RFC 6749 section 2.3.1 */
  TA_CLIENT_AUTHENTICATION_NONE,  /* a public client: client_id alone */
} TaClientAuthentication;

/* Whether access tokens are bound to a key of ours (RFC 9449). */
typedef enum
{
  TA_DPOP_AUTO, /* if the metadata offers it */
  TA_DPOP_REQUIRED,
  TA_DPOP_NONE,
} TaDpop;

/* How an API call shows who it is for. */
typedef enum
{
  TA_API_AUTHENTICATION_BEARER,
  TA_API_AUTHENTICATION_OPENAPI_KEY, /* client id and secret in two headers; no sign-in */
} TaApiAuthentication;

/* An OAuth server and the API it protects, as a provider file describes them: immutable,
 * reference-counted. With an issuer, ta_provider_complete() adds what the server says of itself;
 * until then an endpoint may be missing that a sign-in needs. */
typedef struct
{
  char *id;                                    /* (owned) */
  char *name;                                  /* (owned): for people */
  char *issuer;                                /* (owned) (nullable) */
  char *authorization_endpoint;                /* (owned) (nullable) */
  char *token_endpoint;                        /* (owned) (nullable) */
  char *revocation_endpoint;                   /* (owned) (nullable) */
  char *device_authorization_endpoint;         /* (owned) (nullable) */
  char *pushed_authorization_request_endpoint; /* (owned) (nullable) */
  gboolean requires_par;                       /* push every authorization request (RFC 9126) */
  gboolean advertises_iss;                     /* every authorization response has iss (RFC 9207) */
  TaDpop dpop;
  gboolean offers_dpop;  /* the metadata lists ES256 */
  char **metadata_hosts; /* (owned): besides the issuer's, where the metadata may point to */
  char *redirect_uri;    /* (owned): port 0 means an ephemeral port */
  TaFormat format;
  TaClientAuthentication client_authentication;
  gboolean pkce;
  char **scopes;    /* (owned) */
  char **resources; /* (owned): RFC 8707 */
  char *client_id;  /* (owned) (nullable) */
  char *base_uri;   /* (owned): ends with a slash */
  TaApiAuthentication api_authentication;
  char *accept;           /* (owned) */
  char *user_info_path;   /* (owned) (nullable): below base_uri, says who signed in */
  char *user_info_member; /* (owned): the member of its JSON object that does */
} TaProvider;

gboolean ta_provider_is_id (const char *text);
TaProvider *ta_provider_parse (const char *id, const char *data, gsize length, GError **error);
TaProvider *ta_provider_complete (const TaProvider *self, const TaMetadata *metadata,
                                  GError **error);
char *ta_provider_get_server (const TaProvider *self);
gboolean ta_provider_check_server (const TaProvider *self, const char *server, GError **error);
gboolean ta_provider_uses_dpop (const TaProvider *self);
TaProvider *ta_provider_ref (TaProvider *self);
void ta_provider_unref (TaProvider *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaProvider, ta_provider_unref)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

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

/* An OAuth server and the API it protects, as a provider file describes them: immutable,
 * reference-counted. */
typedef struct
{
  char *id;                     /* (owned) */
  char *name;                   /* (owned): for people */
  char *authorization_endpoint; /* (owned) */
  char *token_endpoint;         /* (owned) */
  char *revocation_endpoint;    /* (owned) (nullable) */
  char *redirect_uri;           /* (owned): port 0 means an ephemeral port */
  TaFormat format;
  TaClientAuthentication client_authentication;
  gboolean pkce;
  char **scopes;    /* (owned) */
  char **resources; /* (owned): RFC 8707 */
  char *client_id;  /* (owned) (nullable) */
  char *base_uri;   /* (owned): ends with a slash */
  char *accept;     /* (owned) */
} TaProvider;

gboolean ta_provider_is_id (const char *text);
TaProvider *ta_provider_parse (const char *id, const char *data, gsize length, GError **error);
TaProvider *ta_provider_ref (TaProvider *self);
void ta_provider_unref (TaProvider *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaProvider, ta_provider_unref)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Largest metadata document that is read, in bytes. */
#define TA_METADATA_MAX (1024 * 1024)

/* What an authorization server says of itself (RFC 8414 section 2; OpenID Connect Discovery 1.0
 * section 3 has the same names), as far as it matters here: immutable, reference-counted. */
typedef struct
{
  char *issuer;                                /* (owned) */
  char *authorization_endpoint;                /* (owned) (nullable) */
  char *token_endpoint;                        /* (owned) (nullable) */
  char *revocation_endpoint;                   /* (owned) (nullable) */
  char *device_authorization_endpoint;         /* (owned) (nullable): RFC 8628 section 4 */
  char *pushed_authorization_request_endpoint; /* (owned) (nullable): RFC 9126 section 5 */
  gboolean requires_par;                       /* RFC 9126 section 5 */
  gboolean advertises_iss;                     /* RFC 9207 section 3 */
  gboolean offers_dpop;                        /* with ES256: RFC 9449 section 5.1 */
} TaMetadata;

gboolean ta_metadata_is_issuer (const char *uri);
char **ta_metadata_uris (const char *issuer);
TaMetadata *ta_metadata_parse (const char *json, gsize length, const char *issuer, GError **error);
TaMetadata *ta_metadata_ref (TaMetadata *self);
void ta_metadata_unref (TaMetadata *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaMetadata, ta_metadata_unref)

G_END_DECLS

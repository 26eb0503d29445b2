/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes of a coordinate of a point on P-256, and of an ES256 signature (RFC 7518 section 3.4). */
#define TA_DPOP_COORDINATE 32
#define TA_DPOP_SIGNATURE 64

/* What one proof is for. */
typedef struct
{
  const char *jti;          /* unlike that of any other proof */
  const char *method;       /* of the HTTP request */
  const char *uri;          /* of the HTTP request */
  gint64 now;               /* Unix seconds */
  const char *nonce;        /* (nullable): the newest one of the server */
  const char *access_token; /* (nullable): that goes with the request */
} TaDpopClaims;

char *ta_dpop_jwk (const guint8 *x, const guint8 *y);
char *ta_dpop_thumbprint (const char *jwk);
char *ta_dpop_signing_input (const char *jwk, const TaDpopClaims *claims);
char *ta_dpop_proof (const char *signing_input, const guint8 *signature);

gboolean ta_dpop_is_nonce (const char *text);
gboolean ta_dpop_is_nonce_error (guint status, const char *body, gsize length);
gboolean ta_dpop_is_nonce_challenge (guint status, const char *challenges);

G_END_DECLS

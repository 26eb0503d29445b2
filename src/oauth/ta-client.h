/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"

G_BEGIN_DECLS

/* What a provider knows the user's application by (RFC 6749 section 2.2 and 2.3.1): immutable,
 * reference-counted. */
typedef struct
{
  char *provider;   /* (owned): provider id */
  char *id;         /* (owned): client_id */
  TaSecret *secret; /* (owned) (nullable): client_secret; NULL for a public client */
} TaClient;

TaClient *ta_client_new (const char *provider, const char *id, const char *secret, GError **error);
TaClient *ta_client_parse (const char *json, GError **error);
TaSecret *ta_client_print (const TaClient *self);
TaClient *ta_client_ref (TaClient *self);
void ta_client_unref (TaClient *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaClient, ta_client_unref)

G_END_DECLS

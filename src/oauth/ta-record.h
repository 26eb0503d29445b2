/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-identity.h"
#include "oauth/ta-token.h"

G_BEGIN_DECLS

/* What is kept of an account, in one item of the Secret Service: immutable, reference-counted.
 * Times are Unix seconds. */
typedef struct
{
  char *account;           /* (owned): account id */
  char *provider;          /* (owned): provider id */
  TaIdentity *identity;    /* (owned) (nullable): who signed in, if the provider says */
  char **requested_scopes; /* (owned): asked for when it was signed in; empty: none, or unknown */
  char *server;            /* (owned) (nullable): who gave the token, if that was noted */
  char *client_id;         /* (owned) (nullable): to which client, if that was noted */
  TaToken *token;          /* (owned) */
  gint64 signed_in_at;
  gint64 refreshed_at; /* 0: never */
  gint64 generation;   /* grows with every token */
  gint64 intent;       /* when a refresh of this token was begun; 0: none was, or it failed */
  gboolean refused;    /* the provider ended the login */
  gboolean is_widened; /* some refresh said that it grants more than was asked for */
} TaRecord;

TaRecord *ta_record_new (const char *account, const char *provider, TaToken *token, gint64 now,
                         const TaRecord *previous);
TaRecord *ta_record_refresh (const TaRecord *self, TaToken *token, gint64 now);
TaRecord *ta_record_follow (TaRecord *self, const TaRecord *other);
TaRecord *ta_record_intend (const TaRecord *self, gint64 intent);
TaRecord *ta_record_with_request (const TaRecord *self, const char *const *scopes);
TaRecord *ta_record_with_identity (const TaRecord *self, TaIdentity *identity);
TaRecord *ta_record_with_origin (const TaRecord *self, const char *server, const char *client_id);
TaRecord *ta_record_refuse (const TaRecord *self);
gboolean ta_record_is_ended (const TaRecord *self, gboolean rejected, TaInstant now);
gboolean ta_record_is_newer (const TaRecord *self, const TaRecord *other);
TaRecord *ta_record_ref (TaRecord *self);
void ta_record_unref (TaRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaRecord, ta_record_unref)

G_END_DECLS

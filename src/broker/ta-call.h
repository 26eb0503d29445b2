/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-sign-ins.h"
#include "io/ta-http.h"

G_BEGIN_DECLS

/* One API call, as the caller asks for it. */
typedef struct
{
  char *account;       /* (owned): account id; empty: the default account */
  char *method;        /* (owned) */
  char *path;          /* (owned): relative to the provider's base URI */
  GBytes *body;        /* (owned) (nullable) */
  TaUpload *upload;    /* (owned) (nullable): the body, if it is not in memory; prepared */
  gboolean streams;    /* the response's body is to be left in its stream */
  GHashTable *headers; /* (owned): name to value, both owned by the table */
  char *content_type;  /* (owned) (nullable) */
  gboolean interactive;
  guint timeout; /* for the API's answer, seconds */
} TaCall;

gboolean ta_call_check (const TaCall *call, GError **error);
void ta_call_async (TaAccounts *accounts, TaSignIns *sign_ins, TaCall *call,
                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
TaHttpResponse *ta_call_finish (TaAccounts *accounts, GAsyncResult *result, GError **error);
void ta_call_free (TaCall *call);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaCall, ta_call_free)

G_END_DECLS

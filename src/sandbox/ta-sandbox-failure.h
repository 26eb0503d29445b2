/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-sandbox-reply.h"

G_BEGIN_DECLS

typedef enum
{
  TA_SANDBOX_ENDPOINT_TOKEN,
  TA_SANDBOX_ENDPOINT_API,
  TA_SANDBOX_ENDPOINT_REVOKE,
  TA_SANDBOX_N_ENDPOINTS,
} TaSandboxEndpoint;

/* An answer that an endpoint gives instead of doing its work: reference-counted. */
typedef struct
{
  TaSandboxEndpoint endpoint;
  gint64 left; /* how many times still; negative: until it is changed */
  guint status;
  char *body;         /* (owned) (nullable): NULL: what such a server usually says */
  GPtrArray *headers; /* (owned): names and values by turns */
} TaSandboxFailure;

TaSandboxFailure *ta_sandbox_failure_parse (const char *text);
TaSandboxFailure *ta_sandbox_failure_parse_json (JsonObject *object, GError **error);
TaSandboxReply *ta_sandbox_failure_answer (const TaSandboxFailure *self);
TaSandboxFailure *ta_sandbox_failure_ref (TaSandboxFailure *self);
void ta_sandbox_failure_unref (TaSandboxFailure *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaSandboxFailure, ta_sandbox_failure_unref)

G_END_DECLS

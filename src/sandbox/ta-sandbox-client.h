/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-sandbox-fields.h"
#include "ta-sandbox-reply.h"

G_BEGIN_DECLS

/* An application that the server knows. */
typedef struct
{
  const char *id;
  const char *secret; /* (nullable): NULL: a public client, which must use PKCE */
} TaSandboxClient;

const TaSandboxClient *ta_sandbox_client_find (const char *id);
const TaSandboxClient *ta_sandbox_client_authenticate (const TaSandboxRequest *request,
                                                       const TaSandboxFields *fields,
                                                       TaSandboxReply **refusal);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-sandbox-request.h"

G_BEGIN_DECLS

/* One HTTP answer, until it is sent. */
typedef struct
{
  guint status;
  GPtrArray *headers; /* (owned): names and values by turns */
  GBytes *body;       /* (owned) */
  goffset length;     /* of the whole body, which is `body` again and again */
  guint delay;        /* milliseconds to hold it back, besides what the settings say */
  const char *word;   /* (unowned) (nullable): static; what the request's log line says it was */
} TaSandboxReply;

TaSandboxReply *ta_sandbox_reply_new (guint status, const char *content_type, const char *text);
TaSandboxReply *ta_sandbox_reply_new_bytes (guint status, const char *content_type, GBytes *body);
TaSandboxReply *ta_sandbox_reply_new_json (guint status, JsonObject *object);
TaSandboxReply *ta_sandbox_reply_new_redirect (const char *uri);
TaSandboxReply *ta_sandbox_reply_new_method_not_allowed (const char *allowed);
void ta_sandbox_reply_set_header (TaSandboxReply *self, const char *name, const char *value);
void ta_sandbox_reply_add_header (TaSandboxReply *self, const char *name, const char *value);
void ta_sandbox_reply_send (const TaSandboxReply *self, SoupServerMessage *message);
void ta_sandbox_reply_free (TaSandboxReply *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaSandboxReply, ta_sandbox_reply_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-sandbox-reply.h"

G_BEGIN_DECLS

TaSandboxReply *ta_sandbox_page_new_consent (const char *client_id, const char *scope,
                                             const char *redirect_uri);
TaSandboxReply *ta_sandbox_page_new_error (guint status, const char *sentence);

G_END_DECLS

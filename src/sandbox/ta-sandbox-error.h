/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-sandbox-reply.h"

G_BEGIN_DECLS

TaSandboxReply *ta_sandbox_error_new_oauth (guint status, const char *error,
                                            const char *description);
TaSandboxReply *ta_sandbox_error_new_api (guint status, const char *code, const char *message);
TaSandboxReply *ta_sandbox_error_new_invalid_token (void);
TaSandboxReply *ta_sandbox_error_new_rate_limited (void);
TaSandboxReply *ta_sandbox_error_new_proxy (guint status);

G_END_DECLS

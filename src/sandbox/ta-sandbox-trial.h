/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-sandbox-reply.h"

G_BEGIN_DECLS

#define TA_SANDBOX_TRIAL_PREFIX "/v1/sandbox/"

TaSandboxReply *ta_sandbox_trial_answer (const TaSandboxRequest *request);

G_END_DECLS

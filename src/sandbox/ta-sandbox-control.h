/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-sandbox-state.h"

G_BEGIN_DECLS

TaSandboxReply *ta_sandbox_control_answer (TaSandboxState *state, const TaSandboxRequest *request);

G_END_DECLS

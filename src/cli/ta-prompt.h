/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"

G_BEGIN_DECLS

TaSecret *ta_prompt_read_secret (const char *prompt, GError **error);

G_END_DECLS

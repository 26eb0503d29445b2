/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"

G_BEGIN_DECLS

TaSecret *ta_random_text (void);

G_END_DECLS

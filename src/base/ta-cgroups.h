/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-application.h"

G_BEGIN_DECLS

TaApplication *ta_cgroups_find_application (const char *text);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-accounts.h"

G_BEGIN_DECLS

void ta_host_check_run (GPtrArray *checks, TaAccounts *accounts);

G_END_DECLS

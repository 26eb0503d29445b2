/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"

G_BEGIN_DECLS

typedef struct _TaPush TaPush;

/* `uri`: the address to open from now on; NULL: there is none, `error` says why, and nothing is
 * told after that. */
typedef void (*TaPushFunc) (const char *uri, const GError *error, gpointer user_data);

TaPush *ta_push_new (TaParts *parts, TaProvider *provider, TaClient *client, const char *query,
                     TaPushFunc function, gpointer user_data);
void ta_push_free (TaPush *self);

G_END_DECLS

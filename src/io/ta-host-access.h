/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-configuration.h"

G_BEGIN_DECLS

/* What programs outside of a sandbox may do, as the configuration says now. */
typedef struct _TaHostAccessStore TaHostAccessStore;

TaHostAccessStore *ta_host_access_store_new (void);
void ta_host_access_store_free (TaHostAccessStore *self);
gboolean ta_host_access_load (TaHostAccessStore *self, TaHostAccess *access, GError **error);

G_END_DECLS

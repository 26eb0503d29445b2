/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-wake.h"
#include "oauth/ta-record.h"

G_BEGIN_DECLS

/* Tells when a login that cannot be refreshed is over. */
typedef struct _TaExpiry TaExpiry;

typedef void (*TaExpiryFunc) (gpointer user_data);

TaExpiry *ta_expiry_new (TaWake *wake, TaExpiryFunc function, gpointer user_data);
void ta_expiry_watch (TaExpiry *self, TaRecord *record);
void ta_expiry_free (TaExpiry *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaExpiry, ta_expiry_free)

G_END_DECLS

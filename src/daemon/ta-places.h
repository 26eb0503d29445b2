/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-fair-use.h"
#include "daemon/ta-errand.h"

G_BEGIN_DECLS

/* The places that there are to work at. */
typedef struct _TaPlaces TaPlaces;

TaPlaces *ta_places_new (void);
void ta_places_free (TaPlaces *self);
TaFairUse *ta_places_find (TaPlaces *self, const TaErrand *errand, gboolean may_ask);
TaFairUse *ta_places_find_for_stranger (TaPlaces *self, const TaErrand *errand);

G_END_DECLS

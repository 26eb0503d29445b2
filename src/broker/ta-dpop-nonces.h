/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-http.h"

G_BEGIN_DECLS

/* Of how many servers the nonce is remembered. */
#define TA_DPOP_NONCES_MAX 64

typedef struct _TaDpopNonces TaDpopNonces;

TaDpopNonces *ta_dpop_nonces_new (void);
void ta_dpop_nonces_free (TaDpopNonces *self);
gboolean ta_dpop_nonces_note (TaDpopNonces *self, const char *uri, const TaHttpResponse *response);
const char *ta_dpop_nonces_find (TaDpopNonces *self, const char *uri);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaDpopNonces, ta_dpop_nonces_free)

G_END_DECLS

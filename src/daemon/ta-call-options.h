/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-call.h"

G_BEGIN_DECLS

gboolean ta_call_options_read (GVariant *options, TaCall *call, GError **error);
void ta_call_options_describe (const TaHttpResponse *response, GVariantDict *details);

G_END_DECLS

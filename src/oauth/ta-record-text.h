/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-record.h"

G_BEGIN_DECLS

TaRecord *ta_record_text_parse (const char *json, GError **error);
TaSecret *ta_record_text_print (const TaRecord *self);

G_END_DECLS

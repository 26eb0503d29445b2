/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-activity.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

TaActivity *ta_entry_read (GVariant *entry);
void ta_entry_add_json (JsonBuilder *builder, const TaActivity *activity);

G_END_DECLS

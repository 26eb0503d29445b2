/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How it went with the store in this run. */
typedef struct
{
  GError *failure;  /* (owned) (nullable): the last one */
  gint64 failed_at; /* Unix seconds */
  gboolean is_well; /* something was read or written since */
} TaStoreHealth;

void ta_store_health_note (TaStoreHealth *self, const GError *error);
void ta_store_health_clear (TaStoreHealth *self);

G_END_DECLS

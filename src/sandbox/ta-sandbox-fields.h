/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-sandbox-request.h"

G_BEGIN_DECLS

/* The parameters of an OAuth request: immutable. */
typedef struct
{
  GHashTable *values;   /* (owned): name to the first value */
  GHashTable *repeated; /* (owned): names that came more than once */
} TaSandboxFields;

TaSandboxFields *ta_sandbox_fields_parse (const char *form, gsize length);
TaSandboxFields *ta_sandbox_fields_parse_body (const TaSandboxRequest *request);
const char *ta_sandbox_fields_get (const TaSandboxFields *self, const char *name);
gboolean ta_sandbox_fields_is_repeated (const TaSandboxFields *self, const char *name);
void ta_sandbox_fields_free (TaSandboxFields *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaSandboxFields, ta_sandbox_fields_free)

G_END_DECLS

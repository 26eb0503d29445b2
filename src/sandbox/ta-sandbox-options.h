/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-sandbox-settings.h"

G_BEGIN_DECLS

/* What the command line says. */
typedef struct
{
  gboolean version;
  guint16 port;
  TaSandboxSettings settings; /* (owned) */
} TaSandboxOptions;

gboolean ta_sandbox_options_parse (TaSandboxOptions *self, char **arguments, GError **error);
void ta_sandbox_options_clear (TaSandboxOptions *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TaSandboxOptions, ta_sandbox_options_clear)

G_END_DECLS
